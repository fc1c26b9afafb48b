# digits-lua: every task. `make help` lists them. Needs GNU make 4.2 or later.

VERSION := 0.1.0

BUILD  ?= build
PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
ifdef CROSS_COMPILE # the engine and its C tests for another processor, without libraries (tests/cross)
CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
endif
PKG_CONFIG ?= pkg-config
export CC PKG_CONFIG CPPFLAGS LDFLAGS

# ---- flags. Users may set CFLAGS; never add -ffast-math or -march=native (kernels are selected at run time) ----
# (-fno-math-errno and -fno-trapping-math let square roots and choices be vectorised; nothing reads errno after functions
# of math.h, nor the flags of floating-point exceptions)

ifeq ($(SANITIZE),1)
CFLAGS ?= -O1 -g
sanitize := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(SANITIZE),thread)
CFLAGS ?= -O1 -g
sanitize := -fsanitize=thread -fno-omit-frame-pointer
else ifeq ($(SANITIZE),fuzzer)
CFLAGS ?= -O1 -g
sanitize := -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=undefined,float-cast-overflow -fno-omit-frame-pointer
else ifeq ($(SANITIZE),coverage)
CFLAGS ?= -O1 -g
sanitize := --coverage
else
CFLAGS ?= -O3 -g
endif
warnings := -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wvla -Wstrict-prototypes -Werror=implicit-function-declaration
ifneq ($(findstring clang,$(CC)),)
warnings += -Wno-pass-failed # about loops that it cannot vectorise as requested
endif
flags = -std=gnu11 $(CFLAGS) -fno-math-errno -fno-trapping-math -fopenmp-simd -ffp-contract=off $(warnings) $(sanitize) -I. -DDIGITS_VERSION='"$(VERSION)"' $(CPPFLAGS)

# ---- sources and objects ----

found := $(sort $(shell find engine bindings scripts tests/engine -name '*.c' -o -name '*.lua' 2>/dev/null))
object = $(patsubst %.c,$(BUILD)/%.o,$1)
engine_objects := $(call object,$(filter engine/%.c,$(found)))
program_objects := $(call object,$(filter bindings/%.c,$(found))) $(BUILD)/embedded.o
scripts := $(filter scripts/%.lua,$(found)) $(sort $(wildcard experiments/*.lua))
test_sources := $(filter tests/engine/%.c,$(found))
test_programs := $(foreach f,$(test_sources),$(if $(filter test_%,$(notdir $f)),$(BUILD)/tests/$(basename $(notdir $f))))
support_objects := $(call object,$(foreach f,$(test_sources),$(if $(filter test_%,$(notdir $f)),,$f)))
ifdef CROSS_COMPILE
program_objects :=
support_objects += $(BUILD)/tests/cross/cmocka.o $(BUILD)/absent.o
endif

# ---- tasks ----

tasks_that_build := all install programs tests
.PHONY: help all programs tests demo data check check-sanitize check-long fuzz fuzz-api coverage bench bench-peers counts arm64 lint race format \
	install clean deps deps-test deps-lint deps-race deps-fuzz deps-demo deps-arm64

all: programs ## build build/digits-lua and build/libdigits.a

demo: deps-demo ## from a fresh clone to a trained network: install packages, build, download MNIST, train the report's CNN
	+@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$$(getconf _NPROCESSORS_ONLN)) all
	+@$(MAKE) --no-print-directory data || echo "make demo: continuing with the sample of 7 000 digits in vendor/mnist"
	$(BUILD)/digits-lua experiments/cnn.lua

data: ## download MNIST into ~/.cache/digits-lua/mnist, as IDX files and as the report's two CSV files
	@vendor/fetch-mnist

check: deps-test ## build and run all tests, then again with sanitizers; TEST=name selects
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run $(TEST)

check-sanitize: deps-test ## only the part of check that runs with AddressSanitizer and UBSan
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --sanitized $(TEST)

check-long: deps-test deps-race deps-fuzz ## run the long tests: tests/long, race, and fuzz and fuzz-api for ten minutes each
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --long $(TEST)
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --race $(TEST)
	@$(MAKE) --no-print-directory fuzz fuzz-api FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600)

bench: deps-test ## compare speed and memory with other libraries; BENCH="cnn csv" selects, BENCH_ROUNDS=3 repeats; BASE=revision compares with that revision; JSON=path
	+@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' tests/bench/run

bench-peers: ## install the newest versions of those libraries in ~/.cache/digits-lua/peers: 0.6 to 3.2 GB from PyPI
	@vendor/fetch-peers

counts: deps-test ## count the instructions of small work again, and write tests/counts/table.lua, with which check compares
	+@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' $(BUILD)/digits-lua tests/counts/run.lua renew tests/counts/table.lua

arm64: deps-arm64 ## build the engine for arm64 and run its C tests in qemu; TEST=name selects
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --arm64 $(TEST)

race: deps-test deps-race ## search for data races with clang's ThreadSanitizer
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --race $(TEST)

fuzz: deps-test deps-fuzz ## run libFuzzer on all readers of files, for FUZZ_SECONDS (60) in total; TEST=csv selects
	@BUILD='$(BUILD)' MAKE='$(MAKE)' FUZZ_SECONDS='$(FUZZ_SECONDS)' tests/fuzz/run $(TEST)

fuzz-api: deps-test ## call all functions at random with AddressSanitizer, for FUZZ_SECONDS (600); FUZZ_SEED, TEST=name
	@$(MAKE) --no-print-directory -s BUILD='$(BUILD)/asan' SANITIZE=1 programs
	@ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
	    tests/fuzz/api '$(BUILD)/asan/digits-lua' $(or $(FUZZ_SECONDS),600) $(or $(FUZZ_SEED),$(shell date +%s)) $(TEST)

coverage: deps-test ## run the tests and print how many lines of the engine they cover; TEST=name selects
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/coverage $(TEST)

install: all ## install under PREFIX (/usr/local), below DESTDIR if given
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/doc/digits-lua'
	install -m 755 $(BUILD)/digits-lua '$(DESTDIR)$(PREFIX)/bin/digits-lua'
	install -m 644 $(wildcard README.md) LICENSE '$(DESTDIR)$(PREFIX)/share/doc/digits-lua'
	install -d '$(DESTDIR)$(PREFIX)/share/digits-lua/experiments' '$(DESTDIR)$(PREFIX)/share/digits-lua/mnist' '$(DESTDIR)$(PREFIX)/share/digits-lua/qmnist'
	$(if $(wildcard experiments/*.lua),install -m 644 $(wildcard experiments/*.lua) '$(DESTDIR)$(PREFIX)/share/digits-lua/experiments')
	install -m 644 $(wildcard vendor/mnist/*) '$(DESTDIR)$(PREFIX)/share/digits-lua/mnist'
	install -m 644 $(wildcard vendor/qmnist/*) '$(DESTDIR)$(PREFIX)/share/digits-lua/qmnist'

clean: ## remove all built files
	rm -rf $(BUILD)

lint: deps-lint ## check with clang-format, cppcheck, luacheck and limits of length
	@tests/lint

format: deps-lint ## format the C files
	@tests/lint --fix

deps: ## install the packages needed to build
	@vendor/install build
deps-test deps-lint deps-race deps-fuzz deps-demo deps-arm64: deps-%:
	@vendor/install build $*

help: ## list the tasks
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1	\2/p' Makefile | expand -t 16

# ---- libraries: searched once, and again when the compiler or pkg-config's environment changes ----

ifneq ($(filter $(tasks_that_build) $(BUILD)/%,$(or $(MAKECMDGOALS),all)),)
settings := $(foreach v,CC PKG_CONFIG CPPFLAGS LDFLAGS PKG_CONFIG_PATH PKG_CONFIG_LIBDIR,$(if $($v),$v='$($v)'))
complaint := $(shell $(settings) $(if $(CROSS_COMPILE),tests/cross,vendor)/libraries write $(BUILD)/deps.mk)
ifneq ($(complaint),)
$(error $(complaint))
endif
include $(BUILD)/deps.mk

# ---- rules ----

say := @$(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo) # silent with make -s

# $(call remember,FILE,WORDS): writes WORDS to FILE if it has others, so that its dependents are rebuilt
remember = $(if $(call differ,$(strip $2),$(strip $(file <$(BUILD)/$1))),$(file >$(BUILD)/$1,$(strip $2)))
differ = $(if $(and $(findstring x$1x,x$2x),$(findstring x$2x,x$1x)),,yes)
$(call remember,flags,$(CC) $(flags) $(LDFLAGS))
$(call remember,engine.list,$(engine_objects))
$(call remember,program.list,$(program_objects))
$(call remember,scripts.list,$(scripts))

programs: $(BUILD)/libdigits.a $(if $(filter %/bindings/program/main.o,$(program_objects)),$(BUILD)/digits-lua)
tests: programs $(test_programs)

$(BUILD)/libdigits.a: $(engine_objects) $(BUILD)/engine.list
	$(say) "  AR    $@"
	@rm -f $@ && $(AR) rcs $@ $(engine_objects)

$(BUILD)/digits-lua: $(program_objects) $(BUILD)/libdigits.a $(BUILD)/program.list
	$(say) "  LINK  $@"
	@$(CC) $(flags) $(LDFLAGS) -o $@ $(program_objects) $(BUILD)/libdigits.a $(PROGRAM_LIBS) $(ENGINE_LIBS) -lm

define compile =
$(say) "  CC    $<"
@mkdir -p $(@D)
@$(CC) $(flags) $1 -MMD -MP -c -o $@ $<
endef

$(BUILD)/engine/%.o: engine/%.c $(BUILD)/flags
	$(call compile,$(ENGINE_CFLAGS))
$(BUILD)/bindings/%.o: bindings/%.c $(BUILD)/flags
	$(call compile,$(ENGINE_CFLAGS) $(PROGRAM_CFLAGS))
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	$(if $(TEST_MISSING),$(error $(TEST_MISSING)))
	$(call compile,$(ENGINE_CFLAGS) $(TESTS_CFLAGS))
$(BUILD)/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags
	$(call compile)

$(BUILD)/embedded.c: $(scripts) $(BUILD)/scripts.list vendor/embed
	$(say) "  EMBED scripts"
	@vendor/embed $(scripts) >$@.new && mv $@.new $@

define test_program =
$(BUILD)/tests/$(basename $(notdir $1)): $(call object,$1) $(support_objects) $(BUILD)/libdigits.a
	$$(say) "  LINK  $$@"
	@$$(CC) $$(flags) $$(LDFLAGS) -o $$@ $$^ $$(TESTS_LIBS) $$(ENGINE_LIBS) -lm
endef
$(foreach f,$(test_sources),$(if $(filter test_%,$(notdir $f)),$(eval $(call test_program,$f))))

$(BUILD)/absent.c: $(engine_objects) $(call object,$(test_sources)) tests/cross/absent
	$(say) "  STAND IN for libraries"
	@tests/cross/absent $(CROSS_COMPILE)nm $(filter %.o,$^) >$@.new && mv $@.new $@
$(BUILD)/absent.o: $(BUILD)/absent.c $(BUILD)/flags
	$(call compile)

$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/target.h $(BUILD)/libdigits.a
	$(say) "  LINK  $@"
	@mkdir -p $(@D)
	@$(CC) $(flags) $(ENGINE_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(BUILD)/libdigits.a $(ENGINE_LIBS) -lm

$(addprefix $(BUILD)/,flags engine.list program.list scripts.list):
	@mkdir -p $(BUILD) && touch $@

.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(BUILD)/engine $(BUILD)/bindings $(BUILD)/tests $(BUILD)/embedded.d -name '*.d' 2>/dev/null)
endif
