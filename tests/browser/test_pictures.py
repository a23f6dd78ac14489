"""What the page of previews looks like, compared with pictures in which every character is a square."""

from __future__ import annotations

from base64 import b64encode

from playwright.sync_api import Browser

from campaignctl.render.preview_html import page
from tests.browser import square_font
from tests.browser.conftest import DESKTOP, PHONE
from tests.golden import Golden
from tests.render.sample_previews import email, push, sms

#: How much a colour may differ, of 255, and at how many of the pixels: edges are smoothed a little otherwise
#: by each version of a browser.
_SHADE, _SHARE = 24, 0.002
#: Emails look as they want to, in fonts of the machine; gradients and shadows make a picture large.
_PLAIN = (
    "iframe { visibility: hidden; height: 60px !important } .card { box-shadow: none !important }"
    " .device, .thread, .icon, .avatar { background: var(--wall-a) !important }"
)
_DIFFERENT = """async ([one, other, shade]) => {
    const pixels = async (data) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes]));
        const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height);
    };
    const [a, b] = [await pixels(one), await pixels(other)];
    if (a.width !== b.width || a.height !== b.height) return 1;
    let count = 0;
    for (let at = 0; at < a.data.length; at += 4) {
        count += [0, 1, 2].some((each) => Math.abs(a.data[at + each] - b.data[at + each]) > shade);
    }
    return count / (a.width * a.height);
}"""


def test_the_page_looks_as_it_did(browser: Browser, golden: Golden) -> None:
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    tab.set_content(page([push("spring"), email("spring"), sms("news")], title="acme-crm"))
    tab.add_style_tag(content=square_font.style() + _PLAIN)
    tab.evaluate("document.fonts.load('16px Square').then((found) => found.length)")
    blank, wrong = context.new_page(), {}
    for width, device in ((PHONE, "phone"), (DESKTOP, "desktop")):
        for scheme in ("light", "dark"):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.emulate_media(color_scheme=scheme)
            taken = tab.screenshot(full_page=True, animations="disabled")
            file = golden.module.parent / "golden" / f"preview-{device}-{scheme}.png"
            if golden.update:
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(taken)
            if (known := file.read_bytes()) != taken:
                pair = [b64encode(each).decode() for each in (known, taken)]
                if (share := blank.evaluate(_DIFFERENT, [*pair, _SHADE])) > _SHARE:
                    wrong[file.name] = share
    context.close()
    assert wrong == {}, "look at the page, then use --update-golden"
