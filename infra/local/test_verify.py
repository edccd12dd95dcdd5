"""Counting tests from what the test programs print."""

import unittest

import verify


def counted(*lines):
    count = verify.Count()
    for line in lines:
        count.line(line + "\n")
    return str(count)


class Counting(unittest.TestCase):
    def test_the_results_of_cargo_are_added_up(self):
        self.assertEqual(
            counted(
                "running 3 tests",
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
                "test result: \x1b[31mFAILED\x1b[0m. 1 passed; 2 failed; 0 ignored; 0 measured",
            ),
            "4 passed, 2 failed",
        )

    def test_the_result_of_unittest_counts_what_neither_failed_nor_was_skipped(self):
        self.assertEqual(counted("Ran 5 tests in 0.1s", "", "OK"), "5 passed, 0 failed")
        self.assertEqual(counted("Ran 1 test in 0.1s", "", "OK (skipped=1)"), "0 passed, 0 failed")
        self.assertEqual(
            counted("Ran 9 tests in 2s", "", "FAILED (failures=1, errors=2, skipped=1)"),
            "5 passed, 3 failed",
        )

    def test_other_lines_count_nothing(self):
        self.assertEqual(counted("OK", "FAILED (failures=1)", "5 passed"), "0 passed, 0 failed")


class Running(unittest.TestCase):
    def test_the_exit_status_is_the_commands(self):
        self.assertEqual(verify.run(["sh", "-c", "exit 3"], verify.Count()), 3)


if __name__ == "__main__":
    unittest.main()
