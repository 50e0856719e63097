"""Many runs, compared: groups, paired differences, verdicts; text, tables, figures and a page of them."""
