"""What became of everybody and of every group, as columns for people."""

import unicodedata

from answers import GROUP_OUTCOMES, GROUPS_OURS, MAPPED, OUTCOMES, Tenant, groups, people


def table(before, after, findings, expected=None, bound=None):
    """What became of everybody, as columns: read from the tenant, so that any company will do.

    `bound` maps JumpCloud ids to object ids, where known. It tells an adoption that had nothing to
    change from an account that is not ours, and finds people whose UPN is not their e-mail.
    """
    old, new, bound = Tenant(before), Tenant(after), bound or {}
    why = {person["id"]: person["why"] for person in (expected or {}).get("users", [])}
    lines = [("WHO", "OUTCOME", "ACCOUNT", "CHANGED", "WHY")]
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in people(before):
        codes = findings.get(row["_id"], [])
        outcome, account, changed = _became(row, old, new, bound, codes)
        counts[outcome] += 1
        state = "-"
        if account:
            state = "enabled" if account.get("accountEnabled") else "disabled"
        reasons = [", ".join(codes), why.get(row["_id"], "")]
        lines.append((
            row.get("email") or row["_id"],
            outcome.replace("_", " "),
            state,
            _few(changed),
            " · ".join(filter(None, reasons)),
        ))
    total = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{_columns(lines)}\n\n{sum(counts.values())} people: {total}"


def _became(row, old, new, bound, codes):
    """The outcome, the account, and what changed in one that was there before."""
    id = bound.get(row["_id"]) or new.by_upn.get((row.get("email") or "").lower())
    account, was = new.users.get(id), old.users.get(id)
    if account and not was:
        return "created", account, []
    changed = []
    if account:
        then, now = old.shown(was), new.shown(account)
        changed = [name for name in MAPPED if then.get(name) != now.get(name)]
        if was.get("accountEnabled") and not account.get("accountEnabled"):
            return "switched_off", account, changed
        if changed or row["_id"] in bound:
            return "adopted", account, changed
    return "skipped" if codes else "untouched", account, changed


def group_table(before, after, findings, expected=None, bound=None):
    """What became of JumpCloud's groups, as columns; see [`table`]."""
    old, new, bound = Tenant(before), Tenant(after), bound or {}
    why = {group["id"]: group["why"] for group in (expected or {}).get("groups", [])}
    lines = [("GROUP", "OUTCOME", "MEMBERS", "CHANGED", "WHY")]
    counts = dict.fromkeys(GROUP_OUTCOMES, 0)
    for row in groups(before):
        outcome, id = _group_became(row, old, new, bound)
        counts[outcome] += 1
        members, changed = "-", []
        if outcome in GROUPS_OURS:
            was, now = old.members(id), new.members(id)
            members = str(len(now))
            if outcome == "adopted":
                if old.groups[id] != new.groups[id]:
                    changed.append("name")
                moved = ((len(now - was), "came"), (len(was - now), "left"))
                changed += [f"{count} {what}" for count, what in moved if count]
        reasons = [", ".join(findings.get(row["id"], [])), why.get(row["id"], "")]
        lines.append((
            row.get("name") or row["id"],
            outcome.replace("_", " "),
            members,
            ", ".join(changed) or "-",
            " · ".join(filter(None, reasons)),
        ))
    total = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{_columns(lines)}\n\n{sum(counts.values())} groups: {total}"


def _group_became(row, old, new, bound):
    """The outcome, and the group in Entra. Without a binding only what changed was adopted."""
    id = bound.get(row["id"]) or new.made_for(row["id"])
    if id in new.groups:
        return ("adopted" if id in old.groups else "created"), id
    for id, was in old.groups.items():
        same = was.get("displayName") == row.get("name") and id in new.groups
        if same and old.members(id) != new.members(id):
            return "adopted", id
    return "left_alone", None


def _few(names, shown=2):
    """The first names, and how many more there are."""
    if len(names) > shown + 1:
        names = [*names[:shown], f"{len(names) - shown} more"]
    return ", ".join(names) or "-"


def _columns(lines):
    widths = [max(map(_width, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths)).rstrip()
        for line in lines
    )


def _width(text):
    """Columns on a terminal: signs of East Asia take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
