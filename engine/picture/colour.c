/* Colouring numbers. */
#include <math.h>
#include <string.h>

#include "engine/part/part.h"
#include "engine/picture/picture.h"

enum { LEVELS = 257 }; /* odd, so that one is the middle */

struct map {
    const char *name;
    int anchors;
    uint32_t at[3]; /* 0xRRGGBB, evenly spaced */
};

static const struct map maps[] = {
    [DG_COLOURS_GREY] = { "grey", 2, { 0xffffff, 0x000000 } },
    [DG_COLOURS_BLUE] = { "blue", 3, { 0xf7fbff, 0x5e9fd0, 0x08306b } },
    [DG_COLOURS_CIVIDIS] = { "cividis", 3, { 0x00204d, 0x7c7b78, 0xfee838 } },
    [DG_COLOURS_DIVERGING] = { "diverging", 3, { 0x0b5394, 0xffffff, 0xc04a00 } },
};
enum { MAPS = sizeof maps / sizeof *maps };

dg_status dg_colours_find(const char *name, dg_colours *out)
{
    const char *names[MAPS];
    for (int i = 0; i < MAPS; i++) {
        names[i] = maps[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        *out = (dg_colours)i;
        return DG_OK;
    }
    const char *nearest = dg_nearest(name, names, MAPS);
    if (nearest)
        return dg_error(DG_INVALID, "unknown colours '%s', did you mean '%s'?", name, nearest);
    return dg_error(DG_INVALID,
                    "unknown colours '%s', expected one of grey, blue, cividis, diverging", name);
}

/* --- OKLab ---------------------------------------------------------------------------------- */

static double linear_of(double byte)
{
    double value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static uint8_t byte_of(double linear)
{
    double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
    return (uint8_t)lround(255 * fmin(fmax(value, 0), 1));
}

static void lab_of(uint32_t colour, double lab[3])
{
    double r = linear_of(colour >> 16), g = linear_of(colour >> 8 & 255);
    double b = linear_of(colour & 255);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

static void rgb_of(const double lab[3], uint8_t rgb[3])
{
    double l = pow(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2], 3);
    double m = pow(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2], 3);
    double s = pow(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2], 3);
    rgb[0] = byte_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    rgb[1] = byte_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    rgb[2] = byte_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

static void fill_levels(const struct map *map, uint8_t levels[LEVELS][3])
{
    double anchors[3][3], lab[3];
    for (int i = 0; i < map->anchors; i++) lab_of(map->at[i], anchors[i]);
    for (int i = 0; i < LEVELS; i++) {
        double place = (double)i / (LEVELS - 1) * (map->anchors - 1);
        int k = place < map->anchors - 2 ? (int)place : map->anchors - 2;
        for (int c = 0; c < 3; c++)
            lab[c] = anchors[k][c] + (place - k) * (anchors[k + 1][c] - anchors[k][c]);
        rgb_of(lab, levels[i]);
    }
}

/* --- rasters -------------------------------------------------------------------------------- */

/* 0 .. 1, or NaN. */
static double share_of(double value, double low, double high)
{
    if (isnan(value)) return value;
    if (!(high > low)) return 0.5;
    return fmin(fmax((value - low) / (high - low), 0), 1);
}

dg_status dg_picture_colour(dg_tensor *out, const dg_tensor *values, dg_colours colours, double low,
                            double high)
{
    static const uint8_t nothing[3] = { 211, 211, 211 };
    char found[160];
    int64_t channels = values->axes == 3 ? values->shape[2] : 1;
    *out = (dg_tensor){ 0 };
    if (values->axes < 2 || values->axes > 3 || (channels != 1 && channels != 3))
        return dg_error(DG_INVALID,
                        "a picture has shape {height, width}, or {height, width, 1} or "
                        "{height, width, 3}, found %s",
                        dg_shape_text(values->axes, values->shape, found, sizeof found));
    int64_t pixels = values->shape[0] * values->shape[1];
    uint8_t levels[LEVELS][3];
    fill_levels(&maps[colours], levels);
    DG_OWNED_TENSOR numbers = { 0 };
    DG_TRY(dg_tensor_astype(&numbers, values, DG_FLOAT32));
    DG_TRY(dg_tensor_new(out, DG_UINT8, 3, (int64_t[]){ values->shape[0], values->shape[1], 3 }));
    for (int64_t i = 0; i < pixels; i++) {
        uint8_t *pixel = dg_bytes(out) + 3 * i;
        double share = share_of(dg_floats(&numbers)[channels * i], low, high);
        if (channels == 1)
            memcpy(pixel, isnan(share) ? nothing : levels[lround(share * (LEVELS - 1))], 3);
        for (int c = 0; channels == 3 && c < 3; c++) {
            share = share_of(dg_floats(&numbers)[3 * i + c], low, high);
            pixel[c] = isnan(share) ? nothing[c] : (uint8_t)lround(255 * share);
        }
    }
    return DG_OK;
}

dg_status dg_picture_enlarge(dg_tensor *out, const dg_tensor *raster, int64_t factor)
{
    /* {h, 1, w, 1, 3} seen as {h, factor, w, factor, 3} */
    int64_t high = raster->shape[0], wide = raster->shape[1];
    DG_OWNED_TENSOR apart = { 0 };
    DG_OWNED_TENSOR repeated = { 0 };
    DG_OWNED_TENSOR whole = { 0 };
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_tensor_reshape(&apart, raster, 5, (int64_t[]){ high, 1, wide, 1, 3 }));
    DG_TRY(dg_tensor_broadcast(&repeated, &apart, 5, (int64_t[]){ high, factor, wide, factor, 3 }));
    DG_TRY(dg_tensor_copy(&whole, &repeated));
    return dg_tensor_reshape(out, &whole, 3, (int64_t[]){ high * factor, wide * factor, 3 });
}

bool dg_picture_range(const dg_tensor *values, double *low, double *high)
{
    DG_OWNED_TENSOR numbers = { 0 };
    bool any = false;
    if (dg_tensor_astype(&numbers, values, DG_FLOAT32) != DG_OK) return false;
    int64_t count = dg_tensor_count(values);
    for (int64_t i = 0; i < count; i++) {
        double value = dg_floats(&numbers)[i];
        if (!isfinite(value)) continue;
        if (!any || value < *low) *low = value;
        if (!any || value > *high) *high = value;
        any = true;
    }
    return any;
}

dg_status dg_picture_histogram(const dg_tensor *values, double low, double high, int64_t bins,
                               int64_t *counts)
{
    DG_OWNED_TENSOR numbers = { 0 };
    memset(counts, 0, (size_t)bins * sizeof *counts);
    DG_TRY(dg_tensor_astype(&numbers, values, DG_FLOAT32));
    int64_t count = dg_tensor_count(values);
    for (int64_t i = 0; i < count; i++) {
        double value = dg_floats(&numbers)[i];
        if (!(value >= low && value <= high)) continue;
        int64_t bin = (int64_t)((value - low) / (high - low) * (double)bins);
        counts[bin < bins ? bin : bins - 1]++;
    }
    return DG_OK;
}
