# vendor/embed: the bytes of every script, under the right module names.
. tests/setup/tap.sh
top=$PWD
mkdir -p "$scratch/scripts/deep/er" "$scratch/experiments"
cd "$scratch" || exit 1
printf 'return "\\\\ %% ?? */ \303\251 \000\377"' >scripts/init.lua
: >scripts/deep/init.lua
: >experiments/study.lua
printf '%070000d' 7 >scripts/deep/er/two_words.lua
cat >main.c <<'END'
#include <stdio.h>
#include "bindings/embedded.h"
int main(void)
{
    for (const struct digits_embedded *script = digits_embedded; script->name; script++) {
        printf("%s %s\n", script->name, script->path);
        FILE *file = fopen(script->name, "wb");
        fwrite(script->data, 1, (size_t)(script->end - script->data), file);
        fclose(file);
    }
    return 0;
}
END
"$top/vendor/embed" scripts/deep/er/two_words.lua scripts/deep/init.lua scripts/init.lua \
    experiments/study.lua >embedded.c
check "writes C that compiles without a warning" \
    gcc -std=gnu11 -Wall -Wextra -Werror -I "$top" main.c embedded.c -o main
./main >"$out"
check "names a file after its path" says '^digits.deep.er.two_words scripts/deep/er/two_words.lua$'
check "names a folder's init.lua after the folder" says '^digits.deep scripts/deep/init.lua$'
check "names the first one digits" says '^digits scripts/init.lua$'
check "names an experiment after its path" says '^experiments.study experiments/study.lua$'
check "keeps every byte" cmp digits scripts/init.lua
check "of long files too" cmp digits.deep.er.two_words scripts/deep/er/two_words.lua
check "and of an empty one" cmp digits.deep scripts/deep/init.lua
"$top/vendor/embed" >embedded.c
check "works without any script" gcc -std=gnu11 -Wall -Wextra -Werror -I "$top" main.c embedded.c -o main
./main >"$out"
check "as an empty list" lines_are 0
finish
