"""The demonstration's reading of forms is that of a browser."""

from demo.browser import Page

HTML = """
<form action="/search"><input name="q" value="x"></form>
<form method="post">
  <input type="hidden" name="csrf" value="abc"><input type="submit" name="go" value="Go">
  <input type="checkbox" name="sizes" value="7b" checked><input type="checkbox" name="sizes" value="13b" checked>
  <input type="checkbox" name="agree">
  <input type="radio" name="position" value="a"><input type="radio" name="position" value="b" checked>
  <select name="code"><option value="one">1</option><option value="two" selected>2</option></select>
  <textarea name="text">Some &amp; more</textarea>
</form>
"""


def test_a_form_sends_what_the_page_filled_in() -> None:
    form = Page("http://site.example/apply/", HTML).forms[1]
    assert form.values == {
        "csrf": "abc", "sizes": ["7b", "13b"], "position": "b", "code": "two", "text": "Some & more",
    }  # fmt: skip


def test_a_form_without_an_address_goes_to_its_own_page() -> None:
    page = Page("http://site.example/apply/", HTML)
    assert [form.action for form in page.forms] == ["http://site.example/search", "http://site.example/apply/"]
