/* The known name that somebody may have meant. */
#include <string.h>

#include "engine/part/part.h"

enum { MAX_LETTERS = 63 };

static int lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : (unsigned char)letter;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Letters inserted, removed, changed or swapped with their neighbour (the restricted distance of
 * Damerau, 1964). Three rows of the table are kept, each used again in turn. */
static int distance(const char *a, int a_letters, const char *b, int b_letters)
{
    int table[3][MAX_LETTERS + 1];
    for (int j = 0; j <= b_letters; j++) table[0][j] = j;
    for (int i = 1; i <= a_letters; i++) {
        int *row = table[i % 3];
        const int *above = table[(i + 2) % 3], *second = table[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_letters; j++) {
            int changed = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(above[j - 1] + changed, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return table[a_letters % 3][b_letters];
}

const char *dg_nearest(const char *word, const char *const *names, int count)
{
    const char *nearest = NULL;
    int smallest = MAX_LETTERS;
    size_t letters = strlen(word);
    if (letters > MAX_LETTERS) return NULL;
    for (int i = 0; i < count; i++) {
        size_t other = strlen(names[i]);
        if (other > MAX_LETTERS) continue;
        int differ = distance(word, (int)letters, names[i], (int)other);
        int allowed = (int)(letters > other ? letters : other) / 3;
        if (differ <= allowed && differ < smallest) {
            nearest = names[i];
            smallest = differ;
        }
    }
    return nearest;
}
