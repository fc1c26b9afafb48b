-- Counts the instructions of small, fixed work with Callgrind. usage: run.lua check|renew TABLE
--
-- Compares them with TABLE and prints TAP (tests/setup/test_counts.sh), or writes them there
-- (`make counts`). $BUILD is the folder of the program. Only what the program itself executes is
-- counted, because libraries choose their functions by the processor; and of all work but `start`,
-- only what it adds to that. Everything runs on one thread, with the kernels for x86-64-v3, the
-- best that Valgrind knows.
local digits = require "digits"
local counts = dofile "tests/counts/counts.lua"
local measure = dofile "tests/bench/measure.lua"

local LEVEL = "x86-64-v3"
local WORKS = {
  "start", "csv", "cnn", "deep", "dense", "one_digit", "boosting", "forest", "logistic",
  "neighbors",
}
local build = os.getenv "BUILD" or "build"
local program = build .. "/digits-lua"
local task, path = ...
local renew = task == "renew"

-- Ends the counting where it would say nothing.
local function skip(why) error({ skip = why }) end

-- The key of this program's counts, if it was built with the Makefile's own CFLAGS.
local function find_key()
  local compiler = measure.compiler(build)
  if compiler.cflags ~= "-O3 -g" then skip("built with CFLAGS='" .. compiler.cflags .. "'") end
  return counts.key(compiler, digits.info().lua)
end

local scratch = assert(measure.output "mktemp -d")

local function profile(name) return scratch .. "/" .. name .. ".callgrind" end

-- The command that runs this Lua under Callgrind.
local function counted(name, arguments)
  return ("DIGITS_KERNEL=%s valgrind -q --tool=callgrind --dump-line=no " ..
    "--callgrind-out-file=%s %s -E --threads 1 %s 2>&1"):format(LEVEL,
    measure.quote(profile(name)), measure.quote(program), arguments)
end

-- Skips where this program cannot be counted.
local function need_valgrind()
  if not measure.output "valgrind --version" then skip "there is no valgrind" end
  local pipe = assert(io.popen(counted("probe", "-e 'print(require \"digits\".info().kernels)'")))
  local said = pipe:read "a"
  local ran, level = pipe:close(), said:match "([%w-]+)\n$" -- after what valgrind itself may say
  if not ran and said:find "[Uu]nrecognised instruction" then
    skip "valgrind does not know all instructions of this program"
  end
  if not ran then error("valgrind fails: " .. said, 0) end
  if level ~= LEVEL then
    skip(("its kernels run as %s under valgrind, not as %s"):format(level, LEVEL))
  end
end

-- Runs all work, as many at a time as there are processors. Returns the counts by name, and what
-- the failed ones said.
local function count_all()
  local prepared = measure.quote(program) .. " tests/counts/work.lua prepare " ..
    measure.quote(scratch) .. " 2>&1"
  local pipe = assert(io.popen(prepared))
  local said = pipe:read "a"
  if not pipe:close() then error("prepare: " .. said, 0) end
  local running, found, failures = {}, {}, {}
  local function start(name)
    if not name then return end
    running[name] = assert(io.popen(counted(name, ("tests/counts/work.lua %s %s"):format(name,
      measure.quote(scratch)))))
  end
  local at_once = digits.info().processors
  for i = 1, math.min(at_once, #WORKS) do start(WORKS[i]) end
  for i, name in ipairs(WORKS) do
    said = running[name]:read "a"
    if running[name]:close() then
      local own = 0
      for object, count in pairs(counts.by_object(io.lines(profile(name)))) do
        if object:find "/digits%-lua$" then own = own + count end
      end
      found[name] = own - (found.start or 0)
    else
      failures[name] = said
    end
    start(WORKS[i + at_once])
  end
  return found, failures
end

-- The outcome as TAP.
local function report(found, failures, expected)
  for i, name in ipairs(WORKS) do
    local why = failures[name] or counts.complaint(name, found[name], expected[name])
    print(("%s %d - %s"):format(why and "not ok" or "ok", i, name))
    if why then print("# " .. why:gsub("\n", "\n# ")) end
  end
  print("1.." .. #WORKS)
end

local function main()
  local key = find_key()
  local all = dofile(path)
  if not renew and not all[key] then skip(path .. " has none for " .. key) end
  need_valgrind()
  local found, failures = count_all()
  if not renew then return report(found, failures, all[key]) end
  for name, said in pairs(failures) do error(name .. ": " .. said, 0) end
  all[key] = found
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(counts.table_text(all)))
  assert(file:close())
end

local done, why = pcall(main)
os.execute("rm -rf " .. measure.quote(scratch))
if type(why) == "table" and not renew then
  print("ok 1 - instruction counts # SKIP " .. why.skip .. "\n1..1")
elseif not done then
  io.stderr:write("counts: ", type(why) == "table" and why.skip or why, "\n")
  os.exit(false)
end
