from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts.verdict import Check, Judgement, Outcome
from phasegate.reports import (
    Bin,
    Interval,
    Mark,
    Series,
    badge,
    bar_chart,
    calibration_chart,
    disclosure,
    facts,
    figure,
    figures,
    histogram,
    interval_chart,
    line_chart,
    note,
    page,
    paragraph,
    section,
    table,
    verdict_banner,
)

EVIL = "\"'></td><script>alert(1)</script><img src=http://x/ onerror=a>\x00"
VOID = {"meta", "line", "path", "rect", "img"}


class Outline(HTMLParser):
    """Elements of a document in order; refuses tags that do not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    parsed.close()
    assert not parsed._open
    return parsed


def judgement(outcome: Outcome, reason: str = "because") -> Judgement:
    return Judgement("evaluate", "a", "b", (Check("c", outcome, "1", "2", reason),))


def full_page(text: str) -> str:
    lines = [Series(text, [0, 1, 2], [0, 1, 0]), Series("other", [0, 2], [1, 1], step=True)]
    charts = [
        line_chart(text, lines, x_label=text, y_label=text, marks=[Mark(text, 1, 1)]),
        bar_chart(text, [(text, 2.0), ("b", -1.0)], x_label=text, limit=1.0),
        histogram(text, [0, 1, 2], {text: [1, 2], "another group": [0, 3]}, x_label=text, mark=1),
        calibration_chart(text, {text: [Bin(0.2, 0.3, 0.1, 0.4, 10)]}),
        interval_chart(text, [Interval(text, 1, 0, 2)], x_label=text, groups=[text, "b"]),
    ]
    return page(
        text,
        text,
        [
            verdict_banner(judgement(Outcome.BLOCK, text)),
            section(
                text,
                paragraph(text),
                table([text, "b"], [[text, 1.5], ["x", None]], caption=text, stack=True),
                facts({text: text}),
                note(text),
                badge(text),
                disclosure(text, text),
                figures(*(figure(text, chart, text) for chart in charts)),
            ),
        ],
        footer=text,
    )


def test_names_and_values_from_the_data_never_become_markup():
    parsed = outline(full_page(EVIL))
    assert not parsed.tags("script")
    assert not parsed.tags("img")
    assert not any(name.startswith("on") for _, attrs in parsed.elements for name in attrs)
    assert any("<script>alert(1)</script>" in text for text in parsed.text)


@given(st.text(st.characters(), min_size=1))
def test_any_text_gives_a_page_of_the_same_structure_that_can_be_written(text):
    html = full_page(text)
    html.encode()
    tags = [tag for tag, _ in outline(html).elements]
    assert tags == [tag for tag, _ in outline(full_page("plain")).elements]


def test_a_page_needs_no_network_and_no_scripts():
    html = full_page("a")
    parsed = outline(html)
    [policy] = [m for m in parsed.tags("meta") if m.get("http-equiv")]
    assert policy["content"].startswith("default-src 'none'")
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in parsed.elements}
    assert not any({"src", "xlink:href"} & attrs.keys() for _, attrs in parsed.elements)
    assert all(attrs["href"].startswith("#") for attrs in parsed.tags("a"))
    assert "url(" not in html
    assert "@import" not in html


def test_the_same_content_gives_the_same_bytes():
    assert full_page("a") == full_page("a")


def test_every_chart_and_table_says_what_it_is_to_a_screen_reader():
    parsed = outline(full_page("a"))
    charts = [attrs for attrs in parsed.tags("svg") if attrs.get("aria-hidden") != "true"]
    assert len(charts) == 5
    assert all(attrs["role"] == "img" and attrs["aria-label"] == "a" for attrs in charts)
    assert parsed.tags("th")
    assert all(attrs["scope"] in ("row", "col") for attrs in parsed.tags("th"))
    assert parsed.tags("html") == [{"lang": "en"}]


def test_contents_link_to_sections():
    parsed = outline(page("t", "s", [section("One"), section("Two")]))
    links = [attrs["href"] for attrs in parsed.tags("a")]
    assert links == [f"#{attrs['id']}" for attrs in parsed.tags("section")]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_verdict_is_told_by_word_and_not_by_colour_alone(outcome):
    text = outline(verdict_banner(judgement(outcome, "too bad"))).text
    assert outcome.value in text
    assert ("too bad" in text) == (outcome is not Outcome.PASS)


def test_a_table_without_rows_says_so():
    assert "No anomalies." in table(["a"], [], empty="No anomalies.")


def test_numbers_are_set_right_and_text_left():
    parsed = outline(table(["a", "b"], [["x", 1]]))
    assert [attrs.get("class") for attrs in parsed.tags("td")] == ["num"]
    assert parsed.tags("th")[0].get("class") is None
