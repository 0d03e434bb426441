from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.fields import prose

ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='https://ok.example/' onclick='alert(1)' style='position:fixed'>x</a>",
    "<a href='https://ok.example/\"onmouseover=\"alert(1)'>x</a>",
    '<p style="background:url(javascript:alert(1))">x</p>',
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object><embed src=x>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=javascript:alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php echo 1 ?><b>x</b>",
    "<body onload=alert(1)>x",
    "<details open ontoggle=alert(1)>x</details>",
    'http://a.example/"onmouseover=alert(1)//',
    "http://a.example/'><img src=x onerror=alert(1)>",
    "<p>http://a.example/&quot;onmouseover=alert(1)</p>",
    "<b>https://a.example/&lt;script&gt;alert(1)</b>",
    "<x\x00img src=x onerror=alert(1)>",
    "<\ud800script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "![x](javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '[x](https://ok.example/"onclick="alert(1))',
]
TAG = re.compile(r"<[a-zA-Z/!?][^>]*>")
ALLOWED_TAG = re.compile(
    r"</?(?:b|blockquote|br|code|div|em|hr|i|li|ol|p|pre|s|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul)>|</a>"
    r"|<a href=\"(?:https?|mailto|ftp):[^\"]*\" rel=\"nofollow noopener\">",
    re.IGNORECASE,
)


def assert_safe(shown: str) -> None:
    """Every tag is one of ours in exactly our form; what is left holds no `<`, so no browser sees another tag."""
    assert "<" not in ALLOWED_TAG.sub("", shown), shown


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("dialect", ["html", "markdown", "text"])
def test_attacks_come_out_as_nothing_or_as_text(attack: str, dialect: str) -> None:
    shown, plain = prose.description(f"before {attack} after", Notes(), "description", dialect=dialect)
    assert_safe(shown)
    assert "before" in plain
    assert not TAG.search(plain) or "&lt;" in shown  # a tag in the plain text was text that somebody wrote


@pytest.mark.parametrize("attack", ATTACKS)
def test_plain_of_html_holds_no_tags(attack: str) -> None:
    shown = prose.html(attack)
    assert_safe(shown)
    assert not TAG.search(prose.plain(shown.replace("&lt;", "")))


def test_html_is_already_clean_when_cleaned_again() -> None:
    for attack in ATTACKS:
        once = prose.html(attack)
        assert prose.html(once) == once


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a\x00b\x07c\td\ne", "abc\td\ne"),
        ("\ud83d", "\ufffd"),
        ("e\u0301", "é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("it\x92s \x93so\x94", "it’s “so”"),
        ("\u202eevil\ufeff\u200b", "evil"),
    ],
)
def test_clean(given: str, expected: str) -> None:
    assert prose.clean(given) == expected


def test_esri_markup_becomes_short_and_readable() -> None:
    given = (
        '<DIV STYLE="text-align:Left;"><DIV><DIV><P><SPAN>Contracts of </SPAN><A href="https://dc.gov/foia"><SPAN>the'
        "</SPAN></A><SPAN> District.</SPAN></P><P><SPAN /></P><P><SPAN>Second.</SPAN></P></DIV></DIV></DIV>"
    )
    shown, plain = prose.description(given, Notes(), "description", dialect="html")
    assert shown == (
        '<div><div><div><p>Contracts of <a href="https://dc.gov/foia" rel="nofollow noopener">the</a> District.</p>'
        " <p>Second.</p></div></div></div>"
    )
    assert plain == "Contracts of the District.\n\nSecond."


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<li>a<li>b", "<div>a</div><div>b</div>"),
        ("<ul>a<p>b</p><li>c</ul>", "<ul><li>a</li><li><p>b</p></li><li>c</li></ul>"),
        ("<ul><ul><li>a</ul></ul>", "<ul><li><ul><li>a</li></ul></li></ul>"),
        ("<h2>Title</h2>x", "<p><strong>Title</strong></p>x"),
        ("<a href='https://x.example/'><img src='y'></a>z", "z"),
        ("<a name='top'>z</a>", "z"),
        ("<a href='/relative'>z</a>", "z"),
        ("<font color=red>z</font><img src=x>", "z"),
        (
            "see https://x.example/a(b).",
            'see <a href="https://x.example/a(b)" rel="nofollow noopener">https://x.example/a(b)</a>.',
        ),
        (
            "<a href='https://x.example/'>https://x.example/</a>",
            '<a href="https://x.example/" rel="nofollow noopener">https://x.example/</a>',
        ),
    ],
)
def test_markup_is_mended_for_screen_readers(given: str, expected: str) -> None:
    assert prose.html(given) == expected


def test_plain_text_keeps_lines_paragraphs_and_links() -> None:
    given = "First & <last>\nline\n\nSee https://x.example/a?b=1&c=2, please"
    shown, plain = prose.description(given, Notes(), "description", dialect="text")
    assert shown == (
        "<p>First &amp; &lt;last&gt;<br>line</p>"
        '<p>See <a href="https://x.example/a?b=1&amp;c=2" rel="nofollow noopener">https://x.example/a?b=1&amp;c=2</a>, please</p>'
    )
    assert plain == "First & <last>\nline\n\nSee https://x.example/a?b=1&c=2, please"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a<div>b</div><div>c</div>d", "a\nb\nc\nd"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p>a\n b</p>c<br/>d", "a b\n\nc\nd"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
        ("a&nbsp;&amp;&nbsp; b &#8211; &lt;c&gt;", "a & b – <c>"),
        ("a<script>b</script><!-- c -->d<span style='x>y'>e</span>", "ade"),
    ],
)
def test_plain_keeps_lines_and_paragraphs(given: str, expected: str) -> None:
    assert prose.plain(given) == expected


def test_text_with_tags_is_html_and_keeps_lines_when_it_has_no_blocks() -> None:
    shown, plain = prose.description("One <b>two</b>\nthree &amp; four", Notes(), "d", dialect="text")
    assert shown == "One <b>two</b><br>\nthree &amp; four"
    assert plain == "One two\nthree & four"


def test_text_with_entities_alone_is_decoded_once() -> None:
    assert prose.description("R&amp;D &#39;22", Notes(), "d", dialect="text") == ("<p>R&amp;D '22</p>", "R&D '22")


def test_markdown() -> None:
    shown, plain = prose.description(
        "# Head\n\n* one\n* [two](https://x.example)\n\n<b>bold</b>", Notes(), "d", dialect="markdown"
    )
    assert '<a href="https://x.example" rel="nofollow noopener">two</a>' in shown
    assert "<p><strong>Head</strong></p>" in shown
    assert plain == "Head\n\none\ntwo\n\nbold"


def test_a_description_of_30_megabytes_is_cut_noted_and_quick() -> None:
    notes = Notes()
    given = "<p>word</p>" * (30_000_000 // 11)
    started = time.process_time()
    shown, plain = prose.description(given, notes, "description", dialect="html")
    assert time.process_time() - started < 5
    assert len(shown) <= 110_000
    assert plain.startswith("word\n\nword")
    (finding,) = notes.found
    assert finding.code == "text-too-long"
    assert finding.detail == "29,999,992 characters, of which 100,000 are kept"


@pytest.mark.parametrize("given", [5, ["a"], {"a": 1}, True])
def test_a_description_of_another_type_is_noted(given: object) -> None:
    notes = Notes()
    assert prose.description(given, notes, "d", dialect="text") == ("", "")
    assert notes.found[0].code == "wrong-type"


@pytest.mark.parametrize(
    "given", ["<b>" * 20_000, "<a" * 50_000, "> " * 50_000, "[" * 20_000, "`a" * 20_000, "<p " + " " * 90_000]
)
@pytest.mark.parametrize("dialect", ["html", "markdown", "text"])
def test_hostile_markup_ends(given: str, dialect: str) -> None:
    started = time.process_time()
    shown, _ = prose.description(given, Notes(), "d", dialect=dialect)
    assert_safe(shown)
    assert time.process_time() - started < 10


@given(
    st.text(alphabet=st.characters(max_codepoint=126), max_size=60), st.sampled_from(["", " ", "  ", "://", "&", "<b>"])
)
def test_the_short_way_of_a_plain_line_ends_where_the_long_way_does(text: str, inside: str) -> None:
    value = f"{text[:9]}{inside}{text[9:]}"
    assume(value != "")
    shown = prose._shown(value, "text")
    assert prose.description(value, Notes(), "d", dialect="text") == (shown, prose.plain(shown))
