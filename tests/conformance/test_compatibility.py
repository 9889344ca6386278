"""The page about what is compatible says what is so."""

import compatibility


def test_the_page_is_what_model_product_and_differences_say():
    assert compatibility.PAGE.read_text() == compatibility.page(), "run `cargo xtask compatibility`"


def test_it_names_every_operation_and_kind_of_key_of_the_model():
    page = compatibility.PAGE.read_text()
    for name in [*compatibility.MODEL["operations"], *compatibility.MODEL["shapes"]["KeySpec"]["enum"]]:
        assert f"\n| {name} | " in page, name
