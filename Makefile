# The one list of commands. What they make lives in the ignored .local/ folder; they need Rust,
# Python 3 and make, and no network but the package registries.

VENV := .local/venv
PYTHON := $(VENV)/bin/python
PINS := infra/local/requirements.txt
# The pins that the virtual environment was made from.
STAMP := $(VENV)/.pins
export PYTHONPYCACHEPREFIX := $(CURDIR)/.local/pycache

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

.PHONY: prepare
prepare: ## .local/venv with the pinned local AWS stand-in
	@cmp -s $(PINS) $(STAMP) || { \
	  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed")' && \
	  echo "preparing $(VENV)" && \
	  rm -rf $(VENV) && python3 -m venv $(VENV) && \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement $(PINS) && \
	  cp $(PINS) $(STAMP); }

.PHONY: run
run: prepare ## a sample company, synced on this machine; ONCE=1 ends after the tables, COMPANY=folder takes another
	@$(PYTHON) infra/local/run.py $(if $(ONCE),--once) $(if $(COMPANY),--company "$(COMPANY)")

.PHONY: test
test: prepare ## formatting, clippy and every test; the last line counts them
	@$(PYTHON) infra/local/verify.py

.PHONY: check
check: ## formatting and clippy alone
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## licences, sources and advisories of the dependencies; needs cargo-deny
	cargo deny --config .deny.toml check

# cargo-lambda brings its own cross compiler, so a package for arm64 is built anywhere. ARCH is
# arm64 or x86-64; the template's parameter Architecture must agree.
ARCH := arm64
LAMBDA_VENV := .local/lambda-venv
LAMBDA_PIN := cargo-lambda==1.9.2

$(LAMBDA_VENV)/bin/cargo-lambda:
	python3 -m venv $(LAMBDA_VENV)
	$(LAMBDA_VENV)/bin/pip install --quiet --disable-pip-version-check $(LAMBDA_PIN)

.PHONY: package
package: $(LAMBDA_VENV)/bin/cargo-lambda ## release binaries for AWS in .local/lambda, as folders and zips
	PATH="$(CURDIR)/$(LAMBDA_VENV)/bin:$$PATH" cargo lambda build --release --locked --$(ARCH) \
	  --lambda-dir .local/lambda --bin ingest --bin consumer --bin reconciler
	cd .local/lambda && for name in ingest consumer reconciler; do \
	  python3 -m zipfile -c $$name.zip $$name/bootstrap; done

# A copy of the repository is built and tested once for each change made to it, in .local/mutants.
MUTANTS_PIN := 27.1.0
MUTANTS := .local/tools/bin/cargo-mutants

$(MUTANTS):
	cargo install --root .local/tools --target-dir .local/mutants/tool --locked cargo-mutants@$(MUTANTS_PIN)

.PHONY: mutants
mutants: $(MUTANTS) ## changes the rules at every place and demands a test that fails; takes an hour
	mkdir -p .local/mutants/copy
	TMPDIR="$(CURDIR)/.local/mutants/copy" nice $(MUTANTS) mutants --package sync-core \
	  --gitignore true --output .local/mutants --jobs 1 --timeout 60 $(if $(AGAIN),--iterate)

.PHONY: bench
bench: ## cold start, memory and size of the release binaries
	cargo build --release --locked --bin ingest --bin consumer --bin reconciler
	python3 infra/local/cold_start.py .local/target/release

.PHONY: clean
clean: ## everything that was made
	rm -rf .local
