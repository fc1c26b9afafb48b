/* DG_KERNEL before a function builds it for several instruction sets, and picks one when the
 * program starts: one binary for any x86-64, using the instructions it finds. The functions it
 * calls must be static inline, or they are baseline code. */
#ifndef DG_BASE_KERNEL_H
#define DG_BASE_KERNEL_H

#include <features.h>

#if defined(__SANITIZE_THREAD__)
#define DG_NO_CLONES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DG_NO_CLONES 1
#endif
#endif

/* Levels, not processor names: `arch=skylake-avx512` is never chosen on an AMD processor. clang
 * knows these levels only from version 16 on. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(DG_NO_CLONES)
#define DG_KERNEL __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define DG_KERNEL
#endif

/* The clone that this processor runs: "x86-64-v4", "x86-64-v3" or "default". */
const char *dg_kernel_name(void);

#endif
