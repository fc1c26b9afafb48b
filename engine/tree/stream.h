/* Random numbers one after another, for work that is sequential by itself: the growing of one
 * tree. */
#ifndef DG_TREE_STREAM_H
#define DG_TREE_STREAM_H

#include "engine/base/random.h"

typedef struct dg_stream {
    uint64_t key, position;
    uint32_t block[4];
} dg_stream;

static inline dg_stream dg_stream_of(uint64_t key)
{
    return (dg_stream){ .key = key };
}

static inline uint32_t dg_stream_word(dg_stream *stream)
{
    uint64_t at = stream->position++ & 3;
    if (at == 0) dg_philox(stream->key, 0, stream->position / 4, stream->block);
    return stream->block[at];
}

/* A whole number 0 .. bound-1; off from even by less than bound / 2^64. */
static inline uint64_t dg_stream_below(dg_stream *stream, uint64_t bound)
{
    uint64_t word = (uint64_t)dg_stream_word(stream) << 32;
    word |= dg_stream_word(stream);
    return (uint64_t)((unsigned __int128)word * bound >> 64);
}

#endif
