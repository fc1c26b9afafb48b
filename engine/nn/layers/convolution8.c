/* Convolutions of bytes: a line of output pixels at a time is the product of its windows with the
 * kernel.
 *
 * A window is a run of bytes in each of its lines of the image. Where runs are a multiple of four
 * bytes the product reads them in the image; else they are first gathered, window by window. */
#include "engine/nn/layers/convolution8.h"

#include <string.h>

#include "engine/base/kernel.h"

struct lines {
    const dg_window *window;
    int64_t height, width; /* of the image with what lies around it, in pixels */
    bool padded;
    int64_t run, step; /* bytes: of a window in a line; from a gathered window to the next */
    int64_t image_bytes, gathered_bytes;
};

static struct lines lines_of(const dg_window *w)
{
    const dg_window_axis *y = &w->y, *x = &w->x;
    struct lines l = { .window = w, .height = y->in, .width = x->in };
    int64_t bottom = (y->out - 1) * y->stride + y->size, right = (x->out - 1) * x->stride + x->size;
    l.padded = y->before + x->before > 0 || bottom > y->in || right > x->in;
    if (bottom > l.height) l.height = bottom;
    if (right > l.width) l.width = right;
    l.run = x->size * w->channels;
    l.step = (y->size * l.run + 3) / 4 * 4;
    int64_t image = l.padded ? l.height * l.width * w->channels + DG_PRODUCT8_SLACK : 0;
    l.image_bytes = (image + 63) / 64 * 64;
    if (l.run % 4 != 0) l.gathered_bytes = x->out * l.step + DG_PRODUCT8_SLACK;
    return l;
}

int64_t dg_convolve8_scratch(const dg_window *window)
{
    struct lines l = lines_of(window);
    return l.image_bytes + l.gathered_bytes;
}

static const uint8_t *pad(const struct lines *l, const uint8_t *image, uint8_t *room)
{
    const dg_window *w = l->window;
    int64_t line = w->x.in * w->channels;
    if (!l->padded) return image;
    for (int64_t i = 0; i < w->y.in; i++)
        memcpy(room + ((i + w->y.before) * l->width + w->x.before) * w->channels, image + i * line,
               (size_t)line);
    return room;
}

/* `width` bytes of each window; a constant, so that each copy is a move. */
DG_INLINE void copy_column(const uint8_t *from, int64_t windows, int64_t apart, int64_t step,
                           const size_t width, uint8_t *to)
{
    for (int64_t i = 0; i < windows; i++) memcpy(to + i * step, from + i * apart, width);
}

/* One run of each window: as many bytes at a time as go into the run, the last of them again if
 * need be. */
static void copy_run(const struct lines *l, const uint8_t *from, uint8_t *to)
{
    int64_t windows = l->window->x.out, apart = l->window->x.stride * l->window->channels;
    const int64_t width = l->run >= 8 ? 8 : l->run >= 4 ? 4 : l->run >= 2 ? 2 : 1;
    for (int64_t at = 0; at < l->run; at += width) {
        if (at > l->run - width) at = l->run - width;
        switch (width) {
        case 8: copy_column(from + at, windows, apart, l->step, 8, to + at); break;
        case 4: copy_column(from + at, windows, apart, l->step, 4, to + at); break;
        case 2: copy_column(from + at, windows, apart, l->step, 2, to + at); break;
        default: copy_column(from + at, windows, apart, l->step, 1, to + at);
        }
    }
}

/* The windows of output line `line`. */
static dg_picked8 windows_of(const struct lines *l, const uint8_t *image, int64_t line,
                             uint8_t *room)
{
    const dg_window *w = l->window;
    int64_t down = l->width * w->channels, apart = w->x.stride * w->channels;
    const uint8_t *first = image + line * w->y.stride * down;
    if (l->run % 4 == 0)
        return (dg_picked8){ .at = first, .row_step = apart, .runs = w->y.size, .run_step = down };
    for (int64_t i = 0; i < w->y.size; i++) copy_run(l, first + i * down, room + i * l->run);
    return (dg_picked8){ .at = room, .row_step = l->step, .runs = 1 };
}

void dg_convolve8(const dg_int8_pass *pass, const dg_window *w)
{
    struct lines l = lines_of(w);
    uint8_t *room = pass->scratch, *gathered = room + l.image_bytes;
    int64_t in = w->y.in * w->x.in * w->channels, out = w->x.out * pass->kernel->n;
    if (l.padded) memset(room, pass->zero, (size_t)(l.height * l.width * w->channels));
    for (int64_t i = 0; i < pass->rows; i++) {
        const uint8_t *image = pad(&l, pass->input + i * in, room);
        for (int64_t line = 0; line < w->y.out; line++) {
            int64_t at = (i * w->y.out + line) * out;
            dg_multiply8(&(dg_product8){ .m = w->x.out,
                                         .a = windows_of(&l, image, line, gathered),
                                         .b = pass->kernel,
                                         .bytes = pass->bytes ? pass->bytes + at : NULL,
                                         .floats = pass->floats ? pass->floats + at : NULL,
                                         .least = pass->least });
        }
    }
}
