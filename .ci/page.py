"""Opens report.html in a real Chromium: nothing on its console, no request leaves, no sideways scrolling.

    page.py CHROMIUM OUT PAGE...

Screenshots of each page at phone and desk width, light and dark, lie in OUT afterwards.
"""

import json, pathlib, re, subprocess, sys, tempfile

CHROMIUM, OUT, PAGES = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
QUIET = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate,NetworkTimeServiceQuerying", "--enable-logging=stderr",
]
# A page that does all that ours must not: it proves that the checks can see.
WRONG = """<!doctype html><meta charset=utf-8><title>x</title><img src="http://evil.example/x.png">
<script>console.error("seen")</script><div style="width:3000px">wide</div>"""


def opened(page, shot, size, dark):
    """What the console said, and the addresses that were asked for."""
    with tempfile.TemporaryDirectory() as home:
        log = pathlib.Path(home, "net.json")
        more = [f"--user-data-dir={home}/profile", f"--log-net-log={log}", f"--screenshot={shot}", f"--window-size={size}"]
        if dark:
            more.append("--blink-settings=preferredColorScheme=0")
        ran = subprocess.run([CHROMIUM, *QUIET, *more, pathlib.Path(page).resolve().as_uri()], capture_output=True, text=True, timeout=120)
        said = [line for line in ran.stderr.splitlines() if ":CONSOLE" in line]
        told = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
        asked = {what["url"] for what in told if re.match("(?:https?|wss?|ftp)://", what.get("url", ""))}
        # What the browser asks for itself (its updates, the time) is no page's doing.
        own = {what["url"] for what in told if what.get("initiator") == "not an origin" and "url" in what}
        return said, asked - own


def wide(page):
    """How far the page goes beyond a phone's 390 points, asked of a copy whose policy lets us ask."""
    text = pathlib.Path(page).read_text()
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    inner = json.dumps(text).replace("</", "<\\/")
    outer = f"""<!doctype html><title>x</title><iframe id=phone style="width:390px;height:800px;border:0"></iframe><script>
const phone = document.getElementById("phone");
phone.onload = () => document.title = "beyond " + (phone.contentDocument.documentElement.scrollWidth - 390);
phone.srcdoc = {inner};</script>"""
    with tempfile.TemporaryDirectory() as home:
        copy = pathlib.Path(home, "copy.html")
        copy.write_text(outer)
        ran = subprocess.run([CHROMIUM, *QUIET, f"--user-data-dir={home}/profile", "--virtual-time-budget=3000", "--dump-dom", copy.as_uri()],
                             capture_output=True, text=True, timeout=120)
        found = re.search(r"<title>beyond (-?\d+)</title>", ran.stdout)
        return int(found.group(1)) if found else None


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    wrong = OUT / "wrong.html"
    wrong.write_text(WRONG)
    said, asked = opened(wrong, OUT / "wrong.png", "390,800", False)
    assert any("seen" in line for line in said), "the console cannot be heard"
    assert asked == {"http://evil.example/x.png"}, f"requests cannot be seen: {asked}"
    assert (wide(wrong) or 0) > 0, "width cannot be seen"
    for number, page in enumerate(PAGES):
        for name, size in (("phone", "390,3000"), ("desk", "1280,2400")):
            for dark in (False, True):
                shot = OUT / f"{number}-{name}{'-dark' if dark else ''}.png"
                said, asked = opened(page, shot, size, dark)
                assert not said, f"{page}: {said}"
                assert not asked, f"{page}: {asked}"
        beyond = wide(page)
        assert beyond is not None and beyond <= 0, f"{page}: {beyond} points wider than a phone"
        printed = OUT / f"{number}.pdf"
        subprocess.run([CHROMIUM, *QUIET, f"--user-data-dir={OUT}/profile", f"--print-to-pdf={printed}", pathlib.Path(page).resolve().as_uri()],
                       capture_output=True, timeout=120, check=True)
        assert printed.read_bytes().startswith(b"%PDF"), page
    print(f"{len(PAGES)} pages in Chromium: no console line, no request, no wider than a phone, printed")


main()
