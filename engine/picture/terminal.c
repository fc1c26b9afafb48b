/* Drawing a raster with characters. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/picture/picture.h"

/* The size of the drawing in pixels, and pixel (x, y) of it as the mean over an area. */
struct drawing {
    const uint8_t *raster;
    int64_t height, width; /* of the raster */
    int64_t drawn_high, drawn_wide;
};

static void pixel_at(const struct drawing *d, int64_t x, int64_t y, int rgb[3])
{
    int64_t left = x * d->width / d->drawn_wide, right = (x + 1) * d->width / d->drawn_wide;
    int64_t top = y * d->height / d->drawn_high, bottom = (y + 1) * d->height / d->drawn_high;
    int64_t sum[3] = { 0 };
    if (right <= left) right = left + 1;
    if (bottom <= top) bottom = top + 1;
    int64_t area = (right - left) * (bottom - top);
    for (int64_t row = top; row < bottom; row++)
        for (int64_t column = left; column < right; column++)
            for (int c = 0; c < 3; c++) sum[c] += d->raster[3 * (row * d->width + column) + c];
    for (int c = 0; c < 3; c++) rgb[c] = (int)((sum[c] + area / 2) / area);
}

/* --- colours -------------------------------------------------------------------------------- */

/* The level of xterm's colour cube (0, 95, 135, ... 255) nearest to a byte. */
static int cube_level(int byte)
{
    return byte < 48 ? 0 : byte < 115 ? 1 : (byte - 35) / 40;
}

static int distance(const int a[3], const int b[3])
{
    int sum = 0;
    for (int c = 0; c < 3; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* xterm's colour 16 .. 255 nearest to rgb: of the cube, or of the 24 greys. */
static int colour_256(const int rgb[3])
{
    static const int levels[6] = { 0, 95, 135, 175, 215, 255 };
    int at[3], cube[3];
    for (int c = 0; c < 3; c++) {
        at[c] = cube_level(rgb[c]);
        cube[c] = levels[at[c]];
    }
    int mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    int step = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    const int grey[3] = { 8 + 10 * step, 8 + 10 * step, 8 + 10 * step };
    if (distance(rgb, grey) < distance(rgb, cube)) return 232 + step;
    return 16 + 36 * at[0] + 6 * at[1] + at[2];
}

/* The escape that sets the colour of the foreground (38) or of the background (48). */
static void set_colour(dg_text *text, int ground, const int rgb[3], dg_terminal terminal)
{
    if (terminal == DG_TERMINAL_256)
        dg_text_add(text, "\033[%d;5;%dm", ground, colour_256(rgb));
    else
        dg_text_add(text, "\033[%d;2;%d;%d;%dm", ground, rgb[0], rgb[1], rgb[2]);
}

/* --- lines ---------------------------------------------------------------------------------- */

/* The upper half-block has the colour of the upper pixel, its background that of the lower. */
static void add_blocks(dg_text *text, const struct drawing *d, int64_t y, dg_terminal terminal)
{
    int before[2][3] = { { -1, -1, -1 }, { -1, -1, -1 } };
    for (int64_t x = 0; x < d->drawn_wide; x++) {
        for (int half = 0; half < 2 && y + half < d->drawn_high; half++) {
            int rgb[3];
            pixel_at(d, x, y + half, rgb);
            if (memcmp(rgb, before[half], sizeof rgb) == 0) continue;
            memcpy(before[half], rgb, sizeof rgb);
            set_colour(text, half == 0 ? 38 : 48, rgb, terminal);
        }
        dg_text_add(text, "\u2580");
    }
    dg_text_add(text, "\033[0m\n");
}

static int luminance(const int rgb[3])
{
    return (2126 * rgb[0] + 7152 * rgb[1] + 722 * rgb[2]) / 10000;
}

static void add_characters(dg_text *text, const struct drawing *d, int64_t y)
{
    static const char ink[] = " .:-=+*#%@";
    for (int64_t x = 0; x < d->drawn_wide; x++) {
        int upper[3], lower[3];
        pixel_at(d, x, y, upper);
        pixel_at(d, x, y + 1 < d->drawn_high ? y + 1 : y, lower);
        int dark = 255 - (luminance(upper) + luminance(lower)) / 2;
        dg_text_add(text, "%c", ink[dark * 9 / 255]);
    }
    dg_text_add(text, "\n");
}

dg_status dg_picture_text(const dg_tensor *raster, int64_t columns, dg_terminal terminal,
                          char **out)
{
    char found[160];
    *out = NULL;
    if (raster->dtype != DG_UINT8 || raster->axes != 3 || raster->shape[2] != 3 || columns < 1)
        return dg_error(DG_INVALID, "expected a uint8 raster {height, width, 3}, found %s",
                        dg_shape_text(raster->axes, raster->shape, found, sizeof found));
    DG_OWNED_TENSOR whole = { 0 };
    dg_text text = { 0 };
    DG_TRY(dg_tensor_contiguous(&whole, raster));
    struct drawing d = { dg_bytes(&whole), raster->shape[0], raster->shape[1], 0, 0 };
    if (d.width > 0 && d.height > 0) {
        int64_t factor = columns / d.width;
        d.drawn_wide = factor ? factor * d.width : columns;
        d.drawn_high = (d.height * d.drawn_wide + d.width / 2) / d.width;
        if (d.drawn_high < 1) d.drawn_high = 1;
    }
    dg_text_add(&text, "%s", "");
    for (int64_t y = 0; y < d.drawn_high; y += 2)
        if (terminal == DG_TERMINAL_PLAIN)
            add_characters(&text, &d, y);
        else
            add_blocks(&text, &d, y, terminal);
    return dg_text_take(&text, out);
}

dg_status dg_picture_shade(const char *text, const uint8_t rgb[3], dg_terminal terminal, char **out)
{
    dg_text shaded = { 0 };
    if (terminal == DG_TERMINAL_PLAIN) return dg_copy_text(out, text);
    const int behind[3] = { rgb[0], rgb[1], rgb[2] };
    int ink = luminance(behind) > 140 ? 0 : 255;
    set_colour(&shaded, 48, behind, terminal);
    set_colour(&shaded, 38, (const int[3]){ ink, ink, ink }, terminal);
    dg_text_add(&shaded, "%s\033[0m", text);
    return dg_text_take(&shaded, out);
}
