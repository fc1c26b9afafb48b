#include "engine/tensor/product64.h"

enum { TILE_ROWS = 4, TILE_VECTORS = 3 };

#define LEVEL_BODY "engine/tensor/product64_tile.h"
#include "engine/base/each_level.h"

void dg_multiply64(const dg_product64 *product)
{
    LEVEL_CALL(multiply64, (product));
}
