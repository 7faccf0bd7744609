"""Each fault that a page may have is found and named, and a page without any has none."""

import pytest

from induction_heads.site import checking

GOOD = '<html><body><h1 id="top">A</h1><a href="b.html#there">b</a><img src="a.svg" alt="A line."></body></html>'
OTHER = '<html><body><p id="there">B</p><a href="index.html">a</a><a href="https://arxiv.org/abs/1">c</a></body></html>'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "b.html").write_text(OTHER)
    (tmp_path / "a.svg").write_text("<svg/>")
    return tmp_path


def found(site) -> list[str]:
    return list(checking.faults(site))


def test_a_whole_site_has_no_fault_and_a_link_to_another_host_is_none(site):
    assert found(site) == []


def test_settings_for_a_pages_script_are_no_place(site):
    page = site / "b.html"
    page.write_text(page.read_text().replace("</body>", '<a href="index.html#tour=data">c</a></body>'))
    assert "tour=data" in page.read_text() and found(site) == []


@pytest.mark.parametrize(
    ("addition", "fault"),
    [
        ('<a href="c.html">c</a>', "b.html: c.html leads nowhere"),
        ('<a href="index.html#nowhere">c</a>', "b.html: index.html#nowhere names a place that is not there"),
        ('<a href="#nowhere">c</a>', "b.html: #nowhere names a place that is not there"),
        ('<a href="/index.html">c</a>', "b.html: /index.html leads to the host's root, not to the site's"),
        ('<a href="../x.html">c</a>', "b.html: ../x.html leads out of the site"),
        ('<img src="a.svg">', "b.html: a.svg has no alternative text"),
        ('<img src="a.svg" alt=" ">', "b.html: a.svg has no alternative text"),
        ('<p id="there">', "b.html: the id 'there' stands there twice"),
        ('<script src="https://cdn.example/x.js"></script>', "b.html: asks another host for https://cdn.example/x.js"),
        ('<script src="//cdn.example/x.js"></script>', "b.html: asks another host for //cdn.example/x.js"),
        (
            '<link rel="stylesheet" href="http://f.example/x.css">',
            "b.html: asks another host for http://f.example/x.css",
        ),
        (
            '<p style="background: url(https://f.example/x.png)">',
            "b.html: asks another host for https://f.example/x.png",
        ),
        ('<style>@import "https://f.example/x.css";</style>', "b.html: asks another host for https://f.example/x.css"),
        (
            '<img alt="A" srcset="a.svg 1x, https://f.example/x 2x">',
            "b.html: asks another host for https://f.example/x",
        ),
    ],
)
def test_a_fault_is_named(site, addition, fault):
    (site / "b.html").write_text(OTHER + addition)
    assert found(site) == [fault]


def test_a_sheet_that_asks_another_host_is_found(site):
    (site / "x.css").write_text(
        "@font-face { src: url('https://fonts.example/a.woff2'), url(data:font/woff2;base64,AA); }"
    )
    assert found(site) == ["x.css: asks another host for https://fonts.example/a.woff2"]


def test_a_page_over_a_megabyte_is_found(site):
    (site / "b.html").write_text(OTHER + "x" * 1_000_001)
    assert found(site) == [f"b.html: {1_000_001 + len(OTHER):,} bytes"]


def test_the_command_ends_with_one_where_something_is_wrong(site, capsys):
    assert checking.main([str(site)]) == 0
    (site / "a.svg").unlink()
    assert checking.main([str(site)]) == 1
    assert "index.html: a.svg leads nowhere" in capsys.readouterr().out
    assert checking.main([]) == 2
