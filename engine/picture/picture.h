/* Pictures made of pixels: colouring numbers, and drawing in a terminal.
 *
 * A raster is a uint8 tensor {height, width, 3}: red, green, blue (sRGB), rows from the top. */
#ifndef DG_PICTURE_PICTURE_H
#define DG_PICTURE_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

/* Maps from numbers to colours. Lightness changes evenly in each, so that they can be read in grey
 * and by the colour-blind; interpolated in OKLab (B. Ottosson, 2020, bottosson.github.io). */
typedef enum dg_colours {
    DG_COLOURS_GREY,      /* white to black: ink on paper */
    DG_COLOURS_BLUE,      /* white to dark blue */
    DG_COLOURS_CIVIDIS,   /* dark blue over grey to yellow */
    DG_COLOURS_DIVERGING, /* blue over white to vermilion, for numbers of both signs */
} dg_colours;

/* The map named "grey", "blue", "cividis" or "diverging"; DG_INVALID suggests the nearest name. */
dg_status dg_colours_find(const char *name, dg_colours *out);

/* The raster of a tensor {height, width} or {height, width, 1}: values up to `low` have the map's
 * first colour, values from `high` on its last; if the two are equal, all have the middle colour.
 * NaN is light grey. A tensor {height, width, 3} is a picture in colour already, from `low` to
 * `high` in each channel. DG_INVALID for another shape. */
dg_status dg_picture_colour(dg_tensor *out, const dg_tensor *values, dg_colours colours, double low,
                            double high);

/* A contiguous raster that repeats each pixel `factor` times across and down. */
dg_status dg_picture_enlarge(dg_tensor *out, const dg_tensor *raster, int64_t factor);

/* The least and the greatest finite value; false if there is none. */
bool dg_picture_range(const dg_tensor *values, double *low, double *high);

/* The number of finite values in each of `bins` equal parts of low .. high, `high` included; values
 * outside are not counted. */
dg_status dg_picture_histogram(const dg_tensor *values, double low, double high, int64_t bins,
                               int64_t *counts);

/* What a terminal can show. */
typedef enum dg_terminal {
    DG_TERMINAL_PLAIN, /* characters " .:-=+*#%@", dark is dense, as ink on paper */
    DG_TERMINAL_256,   /* half-blocks in xterm's 256 colours */
    DG_TERMINAL_TRUE,  /* half-blocks in 24-bit colours */
} dg_terminal;

/* The raster as text, `columns` characters wide: one character for each pixel across and two down,
 * lines ended by "\n". Reduced by averaging areas, enlarged by whole factors only, so that a line
 * may be shorter than `columns`. Free it with dg_free. */
dg_status dg_picture_text(const dg_tensor *raster, int64_t columns, dg_terminal terminal,
                          char **out);

/* `text` on the background rgb, in black or white; unchanged for a plain terminal. */
dg_status dg_picture_shade(const char *text, const uint8_t rgb[3], dg_terminal terminal,
                           char **out);

#endif
