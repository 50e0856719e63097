"""Cells: what a text looks like, and the plain number that it writes."""

from __future__ import annotations

import re

import pytest

from synthgrad.tasks.cells import DATE, decimal_comma, fault, missing, number, other_notation

NOTATIONS = {
    "31,53": "31.53", "+31,5": "31.5", "0,123": "0.123", ",5": ".5", "1,5e3": "1.5e3",
    "1,000": "1000", "1,234,567.89": "1234567.89", "1,00,000": "100000", "1.234.567": "1234567", "1.234,56": "1234.56",
    "1'234.56": "1234.56", "1’234": "1234", "1 234": "1234", "1\u2009234,5": "1234.5", "1\u202f234": "1234",
    "1\u00a0234\u00a0567": "1234567", "1_000": "1000",
    "$31.53": "31.53", "-$5": "-5", "$-5": "-5", "($5.00)": "-5.00", "5 €": "5", "EUR 5": "5", "5 EUR": "5",
    "US$ 5": "5", "R$5,00": "5.00", "£1,000": "1000", "₹500": "500", "kr 5": "5", "Rs. 500": "500", "5 zł": "5",
    "CHF 1'000.-": "1000", "￥５００": "500", "100 元": "100",
    "31%": "31", "31,5 %": "31.5", "٪31": None, "12 ‰": "12",
    "5kg": "5", "5 km/h": "5", "20°C": "20", "12 m²": "12", "100 mg": "100", "30 min": "30", "5\"": "5",
    "−5": "-5", "–5": "-5", "５": "5", "３１．５": "31.5", "٣١": "31", "٣١٫٥": "31.5", "१२": "12",
    "0x1F": "31", "1.5×10^3": "1.5e3", "1.5*10^-3": "1.5e-3", "1.5D+03": "1.5e3", "1/2": "0.5", "1 1/2": "1.5",
    "½": "it as a decimal number", "1½": "it as a decimal number", "10³": "it as a decimal number",
    "12°30'": "it as a decimal number", "5'11\"": "it as a decimal number", "~5": "5", "5-": "-5",
}  # fmt: skip
DATES = """
2021-03-05; 05.03.2021; 3/5/21; 2021/3/5; 2021-03; 03/2021; 12:30; 12:30:15.5; 2021-03-05T12:30:00Z; 20210305T123000Z
2021Q1; 2021-W05; 1h30m; 5-Mar-21; 2021年3月5日; 5 Mar 2021; March 5, 2021; Mar 2021; Mon, 5 Mar 2021
2021-03-05 12:30; 1:30 PM; 2 days 03:00:00
"""
NAMES = """
male; c0; A4; NA12; Q1; 1st; 2nd; 10th; 20-29; 1990-99; <=50K; >50K; 65+; 4x4; 1.2.3; 192.168.1.1; id-12; B-12; x1
May; Dec; v1.0; #; 1_0; 12,5,3; 1.23.456; C++; #5; 10:1; a,b; é; Class 1; 1 2; 12 34; group 3 of 5; yes
"""
MISSING = r"""
NA; N/A; n/a; N.A.; NULL; null; None; none; NaN; nan; -nan; ?; -; --; .; ..; <NA>; #N/A; #NA; (null); NaT; \N
#VALUE!; #DIV/0!; missing; –; —; *; ; #N/A N/A; Not available; no  data
"""


def each(texts: str) -> list[str]:
    """The texts between semicolons and ends of lines."""
    return re.split("; |\n", texts.strip("\n"))


@pytest.mark.parametrize(("text", "right"), NOTATIONS.items())
def test_a_number_in_another_notation_is_recognised_with_what_to_write(text: str, right: str | None) -> None:
    """Decimal commas, thousands, currencies, percent, units, other minus signs and digits, powers, fractions."""
    found = other_notation(text)
    assert (found and found.right) == right
    assert right is None or number(right) is not None or right.startswith("it as")


@pytest.mark.parametrize("text", each(DATES))
def test_a_date_or_a_time_is_recognised(text: str) -> None:
    """In the order of any country, with names of months, as durations and parts of years."""
    found = other_notation(text)
    assert found is not None
    assert found.what == DATE


@pytest.mark.parametrize("text", each(NAMES))
def test_a_name_with_digits_in_it_is_a_name(text: str) -> None:
    """Codes, ordinals, ranges, versions, addresses."""
    assert other_notation(text) is None


@pytest.mark.parametrize("text", each(MISSING))
def test_every_usual_spelling_of_a_missing_value_is_known(text: str) -> None:
    """Of pandas, R, Excel, databases and people, in any case."""
    assert missing(text)


@pytest.mark.parametrize("text", ["male", "0", "no", "North", "nano", "N", "unknown", "+", "A"])
def test_other_words_are_not_missing_values(text: str) -> None:
    """A name that only resembles one."""
    assert not missing(text)


@pytest.mark.parametrize(
    ("texts", "comma"),
    [(["1,000", "2,500"], False), (["1,000", "2,5"], True), (["0,125"], True), (["1.000,5"], True),
     (["1,000.5"], False), (["12,345,678"], False), (["1234,567"], True), (["a,b"], False),
     (["5,- €", "12,50 €"], True)],
)  # fmt: skip
def test_a_column_shows_whether_its_comma_is_a_decimal_one(texts: list[str], comma: bool) -> None:
    """1,000 alone is a thousand; beside 2,5 it is one."""
    assert decimal_comma(texts) is comma
    if "1,000" in texts:
        found = other_notation("1,000", comma)
        assert found is not None
        assert found.right == ("1.000" if comma else "1000")


FAULTS = {
    " 3.5 ": "",
    "-1e-3": "",
    "": "is missing (fill it in, or leave the row out)",
    "NA": "'NA' looks like a missing value (fill it in, or leave the row out)",
    "inf": "'inf' is not a finite number (leave the row out)",
    "1e999": "'1e999' is not a finite number (leave the row out)",
    "1,000": "'1,000' looks like a number in another notation (write 1000)",
    "5 kg": "'5 kg' looks like a number in another notation (write 5, all in one unit)",
    "2021-03-05": "'2021-03-05' looks like a date or a time (write a number, such as the days since a first day)",
    "red": "'red' is not a number (right)",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items(), ids=repr)
def test_a_cell_that_is_no_number_is_told_what_it_looks_like(text: str, said: str) -> None:
    """And what would be right."""
    assert fault(text, "right") == said
