-- digits-lua reproduce: models that prove themselves.
local shell = dofile "tests/lua/shell.lua"
local file, read = shell.file, shell.read

-- Temporary folders lie in a folder of their own.
local function sh(script)
  return shell.run('mkdir -p tmp; export TMPDIR="$PWD/tmp"\n' .. script)
end

local DATA = [[
local digits = require "digits"
local nn, tree, search = digits.nn, digits.tree, digits.search
local o = digits.options { seed = 3, epochs = 2, out = "made" }
digits.seed(o.seed)
local x = digits.uniform { 90, 6, 6, 1, seed = 5 }
local y = x:reshape { 90, 36 }[{ {}, { 1, 3 } }]:argmax { axis = 2 }
local set = digits.data.from_tensors { x = x, y = y }
local train, validation = set:split { 60, 30, seed = 1 }
local function network(p)
  return nn.Sequential { nn.Input { 6, 6, 1 }, nn.Conv2D { 3, { 3, 3 }, activation = "relu" },
    nn.Dropout { p and p.dropout or 0.2 }, nn.Flatten {}, nn.Dense { 3, activation = "softmax" } }
    :compile { optimizer = "adam", loss = "categorical_crossentropy", metrics = { "accuracy" } }
end
]]

local SCRIPT = DATA .. [[
local cnn = network()
cnn:fit(train, { validation = validation, epochs = o.epochs, batch_size = 20, verbose = 0 })
cnn:save(digits.path(o.out, "cnn.safetensors"))
local forest = tree.RandomForest { 4 }
forest:fit(train, { verbose = 0 })
forest:save(o.out .. "/forest.safetensors")
local boost = tree.GradientBoosting { 3, max_depth = 2 }
boost:fit(train, { validation = validation, verbose = 0, early_stopping = { patience = 2 } })
boost:save(o.out .. "/boost.safetensors")
print(cnn:digest(), forest:digest(), boost:digest())
]]

-- The script with a piece replaced.
local function changed(text, from, to)
  local first, last = text:find(from, 1, true)
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

local function digest_of(path)
  local text = read(shell.folder .. "/" .. path:gsub("^%$PWD/", ""))
  return (text:match '\\"sha256\\":\\"(%x+)\\"}}}')
end

-- All files with their times and contents.
local function state()
  return (sh [[
    files=$(find . -type f ! -name run.sh ! -name out ! -name err | sort)
    ls -l --time-style=+%s.%N $files && sha256sum $files]])
end

local function proves(path, options)
  local out, err, code = sh(("$P reproduce %s --quiet %s"):format(path, options or ""))
  assert.are.same({ "the same, sha256 " .. digest_of(path) .. "\n", "", 0 }, { out, err, code })
end

-- Gives the lines after the first.
local function differs(path, options)
  local out, err, code = sh(("$P reproduce %s --quiet %s"):format(path, options or ""))
  assert.are.same({ "", 1 }, { err, code })
  assert.matches("^" .. path:gsub("%p", "%%%0") .. " is not what its script makes now:\n", out)
  return (out:gsub("^[^\n]*\n", ""))
end

local function refusal(words)
  local out, err, code = sh("$P reproduce " .. words)
  assert.are.same({ "", 1 }, { out, code })
  return (err:gsub("^digits%-lua: reproduce: ", ""):gsub("\n$", ""))
end

describe("reproduce", function()
  before_each(function()
    shell.open()
    file("make.lua", SCRIPT)
  end)
  after_each(function()
    local left = sh "ls tmp"
    shell.close()
    assert.are.equal("", left)
  end)

  it("proves a network, a forest and a boosting, and writes nothing", function()
    local digests = sh "$P make.lua --epochs 3"
    local before = state()
    for name, digest in ("cnn forest boost "):gmatch "(%w+) " do
      proves(("made/%s.safetensors"):format(name), digest)
    end
    local out, err, code = sh "$P reproduce made/cnn.safetensors"
    assert.are.equal(("%sthe same, sha256 %s\n"):format(digests, digest_of "made/cnn.safetensors"),
      out)
    assert.matches("^digits%-lua: running make.lua %-%-epochs 3 in /[^\n]*\n$", err)
    assert.are.equal(0, code)
    assert.are.equal(digests, ("%s\t%s\t%s\n"):format(digest_of "made/cnn.safetensors",
      digest_of "made/forest.safetensors", digest_of "made/boost.safetensors"))
    assert.are.equal(before, state())
  end)

  it("finds the script from anywhere, and the model under any name", function()
    sh "$P make.lua; mkdir elsewhere; cp made/cnn.safetensors elsewhere/copy.safetensors"
    proves "made/../made//cnn.safetensors"
    proves "$PWD/made/cnn.safetensors"
    assert.matches("^the same", (sh "cd elsewhere && $P reproduce ../made/cnn.safetensors --quiet"))
    proves "elsewhere/copy.safetensors"
    assert.matches("^the same",
      (sh "cd elsewhere && $P reproduce copy.safetensors --quiet --folder .."))
    assert.matches("^there is no folder nowhere",
      refusal "made/cnn.safetensors --folder nowhere")
  end)

  it("runs the script that the model remembers only if asked", function()
    local asks = "; %-%-recorded runs what the model's file remembers, which only a model from " ..
      "people you trust should$"
    sh "$P make.lua --seed 8; rm make.lua"
    assert.matches("^make.lua is missing in /[^\n]* %(%-%-folder says where else to look%)" .. asks,
      refusal "made/forest.safetensors")
    local out, _, code = sh "$P reproduce made/forest.safetensors --quiet --recorded"
    assert.are.same({ "the same, sha256 " .. digest_of "made/forest.safetensors" .. "\n", 0 },
      { out, code })
    assert.is_nil(sh "ls":find "make.lua")
    file("piped.lua", SCRIPT)
    sh "mkdir deep; cp piped.lua deep/make.lua; $P deep/make.lua --seed 4; rm -r deep"
    assert.matches("^the same", (sh "$P reproduce made/cnn.safetensors --quiet --recorded"))
    sh "$P - --seed 9 <piped.lua"
    assert.matches("^its script was read from standard input" .. asks,
      refusal "made/boost.safetensors")
    proves("made/boost.safetensors", "--recorded")
    sh "$P -e 'os.execute \"touch ran\"' piped.lua; rm ran"
    assert.matches("^it was made with the words '%-e os.execute \"touch ran\"'" .. asks,
      refusal "made/boost.safetensors")
    assert.is_nil(sh "ls":find "ran")
    proves("made/boost.safetensors", "--recorded")
    sh "$P --threads 1 piped.lua"
    proves "made/boost.safetensors"
  end)

  it("says what changed in the script", function()
    sh "$P make.lua"
    file("make.lua", changed(SCRIPT, "batch_size = 20", "batch_size = 15"))
    local lines = differs "made/cnn.safetensors"
    assert.matches("^  script: line 15 of make.lua was 'cnn:fit[^\n]*batch_size = 20, [^\n]*', " ..
      "is now 'cnn:fit[^\n]*batch_size = 15, [^\n]*'\n", lines)
    assert.matches("\n  options: fit%.options%.batch_size was 20, is now 15\n", lines)
    assert.matches("\n  learnt: 'conv2d.kernel'%[1, 1, 1, 1%] was %-?0%.%d+, is now %-?0%.%d+; " ..
      "%d+ of 177 values differ, in 4 of 4 tensors\n$", lines)
    -- the forest does not depend on it
    lines = differs "made/forest.safetensors"
    assert.matches("\nbut what it has learnt is the same, sha256 " ..
      digest_of "made/forest.safetensors", lines)
    proves("made/cnn.safetensors", "--recorded")
    file("make.lua", changed(SCRIPT, "nn.Flatten {}", "nn.Dropout { 0 }, nn.Flatten {}"))
    assert.matches("\n  options: layers had 5 entries, has now 6\n",
      (differs "made/cnn.safetensors"))
    file("make.lua", changed(SCRIPT, "nn.Dense { 3", "nn.Dense { use_bias = true, 3"))
    assert.are.equal(2, select(2, (differs "made/cnn.safetensors"):gsub("\n", "")))
    file("make.lua", changed(SCRIPT, "{ 3, 3 }", "{ 2, 2 }"))
    lines = differs "made/cnn.safetensors"
    assert.matches("\n  options: layers%[2%]%.kernel_size%[1%] was 3, is now 2\n", lines)
    assert.matches("\n  learnt: 'conv2d.kernel' was float32 {3, 3, 1, 3}, is now float32 " ..
      "{2, 2, 1, 3};", lines)
  end)

  it("says that a module of the script changed", function()
    file("helper.lua", "return { trees = 3 }")
    file("make.lua", DATA .. [[
local forest = tree.RandomForest { require "helper".trees }
forest:fit(train, { verbose = 0 })
forest:save "forest.safetensors"]])
    sh "$P make.lua"
    proves "forest.safetensors"
    file("helper.lua", "return { trees = 2 }")
    assert.matches("^  script: its module ./helper.lua has changed\n  options: learner." ..
      "n_estimators was 3, is now 2\n  learnt: ", (differs "forest.safetensors"))
  end)

  it("proves a model of other kernels, unless these do not fuse", function()
    sh "$P make.lua"
    local level = sh "$P -e 'io.write(require \"digits\".info().kernels)'"
    if level == "default" then return pending "only one level here" end
    assert.matches("^the same",
      (sh "DIGITS_KERNEL=x86-64-v3 $P reproduce made/cnn.safetensors --quiet"))
    local out, _, code = sh "DIGITS_KERNEL=default $P reproduce made/cnn.safetensors --quiet"
    assert.matches("\n  kernels: the level was \"" .. level:gsub("%-", "%%-") .. "\", is now " ..
      "\"default\": without fused multiply%-add, results are rounded differently\n  learnt: ", out)
    assert.are.equal(1, code)
  end)

  it("tells of kernels of one name of which one does not fuse", function()
    -- "default" fuses on arm64, and where the compiler was told to use FMA
    local function about(fused)
      return { recipe = { seed = "1", fits = {}, kernels = "default", fused = fused } }
    end
    local lines = {}
    require("digits.recipes").compare(about(true), about(false), true, lines)
    assert.are.same({ "kernels: the level is \"default\" on both machines: without fused " ..
      "multiply-add, results are rounded differently" }, lines)
  end)

  it("refuses what Ctrl-C ended", function()
    file("make.lua", DATA .. [[
local cnn = network()
cnn:fit(train, { epochs = 50, verbose = 0, on_epoch_end = function(log)
  if log.epoch == 2 then io.popen("kill -INT $PPID"):close() end
end })
cnn:save "cnn.safetensors"]])
    sh "env --default-signal=INT $P make.lua"
    assert.are.equal("cnn.safetensors cannot be made again: Ctrl-C ended a fit",
      refusal "cnn.safetensors")
  end)

  it("says that a seed changed", function()
    sh "$P make.lua --seed 4"
    file("make.lua", changed(SCRIPT, "(o.seed)", "(o.seed + 1)"))
    local lines = differs "made/forest.safetensors"
    assert.matches("^  script: line 4 of make.lua was 'digits.seed%(o.seed%)', is now " ..
      "'digits.seed%(o.seed %+ 1%)'\n  seed: of digits.seed was \"4\", is now \"5\"\n" ..
      "  seed: of the model was \"%d+\", is now \"%d+\"\n  learnt: ", lines)
  end)

  it("says that the data changed", function()
    local script = changed(SCRIPT, "local y =", [[
if io.open "rows.csv" then x = digits.data.csv { "rows.csv", shape = { 6, 6, 1 } }.x end
local y =]])
    local rows = {}
    for i = 1, 90 do
      local row = {}
      for k = 1, 36 do row[k] = (i * k * 7919) % 251 end
      rows[i] = table.concat(row, ",")
    end
    file("rows.csv", table.concat(rows, "\n") .. "\n")
    file("make.lua", script)
    sh "$P make.lua"
    proves "made/boost.safetensors"
    file("rows.csv", table.concat(rows, "\n", 1, 89) .. "\n" .. rows[1] .. "\n")
    local lines = differs "made/boost.safetensors"
    assert.matches("^  data: %l+ has the same shape, but other values: the fingerprint was %x+, " ..
      "is now %x+\n", lines)
    file("rows.csv", table.concat(rows, "\n") .. "\n")
    file("make.lua", changed(script, " }.x end", " }.x:astype 'float32' end"))
    assert.matches("data: train: the dtype was \"uint8\", is now \"float32\"\n",
      (differs "made/boost.safetensors"))
    file("make.lua", changed(script, "set:split { 60, 30", "set:take(70):split { 40, 30"))
    assert.matches("\n  data: train had 60 rows, has now 40\n", (differs "made/boost.safetensors"))
    file("make.lua", changed(script, "y = y }", "y = y, class_names = { 'a', 'b', 'c' } }"))
    assert.matches("\n  data: class_names was absent, is now %[\"a\",\"b\",\"c\"%]\n",
      (differs "made/boost.safetensors"))
  end)

  it("says that the file was edited", function()
    sh "$P make.lua"
    local path = shell.folder .. "/made/cnn.safetensors"
    local text = read(path)
    local last = text:byte(-1)
    file("made/cnn.safetensors", text:sub(1, -2) .. string.char(last ~ 1))
    local out, _, code = sh "$P reproduce made/cnn.safetensors --quiet"
    assert.are.equal(1, code)
    assert.matches("\n  the file was edited: what it holds has the sha256 %x+, but it was saved " ..
      "with " .. digest_of "made/cnn.safetensors" .. "\n  learnt: '[%w_.]+'%[[%d, ]+%] was " ..
      "[^\n]*; 1 of 177 values differ, in 1 of 4 tensors\n$", out)
  end)

  it("proves models of searches: with workers, folds, killed and resumed", function()
    file("search.lua", DATA .. [[
local found = search.grid { params = { dropout = { 0.1, 0.4 }, rate = { 1, 2 } }, model = network,
  fit = function(p)
    return { epochs = 2 + p.rate, on_epoch_end = KILL and function()
      if p.rate == 2 and p.dropout == 0.4 then io.popen("kill -9 $PPID"):close() end
    end or nil }
  end, train = train, seed = 1, verbose = 0, SEARCH }
print(found.best.params.dropout, found.restored)
found.best.model:save(digits.path(o.out, "best.safetensors"))]])
    local script = read(shell.folder .. "/search.lua")
    local kinds = {
      plain = { "validation = validation, journal = 'g.jsonl'", "g.best.safetensors" },
      workers = { "validation = validation, workers = 2" },
      folds = { "folds = 3, workers = 2, journal = 'f.jsonl'", "f.best.safetensors" },
    }
    for name, kind in pairs(kinds) do
      file(name .. ".lua", (script:gsub("SEARCH", kind[1]):gsub("KILL", "os.getenv 'KILL'")))
      if name == "plain" then
        local _, _, code = sh "KILL=1 $P plain.lua"
        assert.are.equal(137, code)
      end
      local out = sh("$P " .. name .. ".lua")
      assert.matches(name == "plain" and "\t3\n" or "\t0\n", out)
      local before = state()
      proves "made/best.safetensors"
      if kind[2] then proves(kind[2]) end
      assert.are.equal(before, state())
    end
  end)

  it("proves what is trained further, and names the model that it began with", function()
    sh "$P make.lua"
    file("more.lua", DATA .. [[
local cnn = digits.load "made/cnn.safetensors"
cnn:save "copy.safetensors"
for _ = 1, 3 do cnn:fit(train, { epochs = 1, batch_size = 30, verbose = 0 }) end
cnn:save "more.safetensors"
cnn:fit(train, { epochs = 1, continue = false, verbose = 0 })
cnn:save "anew.safetensors"]])
    sh "$P more.lua"
    proves "more.safetensors"
    proves "anew.safetensors"
    proves "copy.safetensors" -- of what make.lua made
    assert.matches('\\"times\\":3}%],\\"sha256', read(shell.folder .. "/more.safetensors"))
    file("go_on.lua", DATA .. [[
local cnn = digits.load "./copy.safetensors"
cnn:fit(train, { epochs = 1, verbose = 0 })
cnn:save "copy.safetensors"]])
    sh "$P go_on.lua"
    assert.matches("^  start: ./copy.safetensors.sha256 was \"%x+\", is now \"%x+\"\n",
      (differs "copy.safetensors"))
    sh "$P make.lua --epochs 5"
    assert.matches("^  start: made/cnn.safetensors.sha256 was \"%x+\", is now \"%x+\"\n",
      (differs "more.safetensors"))
    proves "anew.safetensors"
    sh "rm made/cnn.safetensors"
    local out, err, code = sh "$P reproduce more.safetensors --quiet"
    assert.are.equal("more.safetensors was not made again:\n  the script failed with status 1\n",
      out)
    assert.matches("cannot open made/cnn.safetensors: No such file", err)
    assert.are.equal(1, code)
  end)

  it("is not deceived by a script that finds its model and saves it again", function()
    local cached = DATA .. [[
local cnn
if io.open(CACHE) then
  cnn = digits.load(CACHE)
else
  cnn = network()
  cnn:fit(train, { verbose = 0 })
end
cnn:save "cached.safetensors"
if CACHE ~= "cached.safetensors" then cnn:save(CACHE) end
]]
    file("cached.lua", (cached:gsub("CACHE", "'cached.safetensors'")))
    sh "$P cached.lua"
    proves "cached.safetensors" -- for there the model is missing
    file("cached.lua", (cached:gsub("CACHE", "'cache.safetensors'")))
    sh "rm cached.safetensors; $P cached.lua"
    assert.are.equal("cached.safetensors cannot be proved: the script did not make it, but " ..
      "loaded it and saved it again", refusal "cached.safetensors --quiet")
  end)

  it("counts the last of several models of one name, and keeps what io writes away", function()
    file("twice.lua", DATA .. [[
local log = assert(io.open("log", "a"))
for _, trees in ipairs { 2, 3 } do
  local forest = tree.RandomForest { trees }
  forest:fit(train, { verbose = 0 })
  forest:save "twice.safetensors"
  log:write(trees, "\n")
end
log:close()
assert(io.open("log"):read "a" == io.open("expected"):read "a")
assert(os.rename("log", "log2") and not io.open "log" and os.remove "log2" and not io.open "log2")
os.remove "expected"
assert(not io.open "expected")
]])
    file("log", "before\n")
    file("expected", "before\n2\n3\n")
    local _, err = sh "cp log kept; cp expected too; $P twice.lua; mv kept log; mv too expected"
    assert.are.equal("", err)
    proves "twice.safetensors"
    assert.are.equal("before\n", read(shell.folder .. "/log"))
    assert.are.equal("before\n2\n3\n", read(shell.folder .. "/expected"))
  end)

  it("keeps away what the program writes when a script starts it", function()
    file("outer.lua", "assert(os.execute('" .. shell.program .. " make.lua --out=inner'))")
    sh "$P outer.lua"
    local before = state()
    proves "inner/forest.safetensors"
    assert.are.equal(before, state())
    file("both.lua", ("assert(os.execute('%s make.lua')) dofile 'make.lua'"):format(shell.program))
    sh "$P both.lua"
    before = state()
    proves "made/cnn.safetensors"
    assert.are.equal(before, state())
  end)

  it("tells of a script that fails, or no longer saves the model", function()
    sh "$P make.lua"
    file("make.lua", SCRIPT .. "error 'too late'\n")
    local out, err, code = sh "$P reproduce made/cnn.safetensors --quiet"
    assert.matches("\n  the script failed with status 1, after it had saved the model\n" ..
      "but what it has learnt is the same, sha256 %x+\n$", out)
    assert.matches("too late", err)
    assert.are.equal(1, code)
    file("make.lua", "print 'nothing'")
    out, err, code = sh "$P reproduce made/cnn.safetensors --quiet"
    assert.are.equal("made/cnn.safetensors was not made again:\n  script: line 1 of make.lua " ..
      "was 'local digits = require \"digits\"', is now 'print 'nothing''\n" ..
      "  the script does not save made/cnn.safetensors\n", out)
    assert.are.same({ "", 1 }, { err, code })
  end)

  it("ends by Ctrl-C, and leaves nothing behind", function()
    sh "$P make.lua"
    file("make.lua", "io.popen('kill -INT ' .. io.open '/proc/self/stat':read 'a'" ..
      ":match '%) . (%d+)'):close() while true do end")
    local out, err, code = sh "env --default-signal=INT $P reproduce made/cnn.safetensors --quiet"
    assert.are.equal("", out)
    assert.matches("^digits%-lua: interrupted\n", err)
    assert.are.equal(130, code)
  end)

  it("refuses what has no recipe to run", function()
    file("save.lua", SCRIPT .. "boost:save 'boost.json'")
    sh "$P save.lua"
    assert.matches("^boost.json has no recipe: give a model that was saved as .safetensors",
      refusal "boost.json")
    file("old.safetensors", read "tests/golden/models_1/network.safetensors")
    assert.matches("^old.safetensors has no recipe: it was saved without one, or by an earlier ",
      refusal "old.safetensors")
    local code = [[digits = require "digits" f = digits.tree.RandomForest { 2 }
      f:fit(digits.uniform { 9, 2, seed = 1 }, digits.range { 0, 9 } % 2) f:save "f.safetensors"]]
    sh("$P -i <<'E'\n" .. code:gsub("\n", " ") .. "\nE")
    assert.matches("^f.safetensors was saved at the prompt: there is no script that makes it again",
      refusal "f.safetensors")
    sh("$P -e '" .. code .. "'")
    proves("f.safetensors", "--recorded")
    sh("$P -e '" .. code .. " f:save(\"f.safetensors\", { recipe = false })'")
    assert.matches("^f.safetensors has no recipe", refusal "f.safetensors")
    assert.is_nil(read(shell.folder .. "/f.safetensors"):find "RandomForest { 2 }")
    assert.are.equal("digits-lua: cannot open none.safetensors: No such file or directory\n",
      select(2, sh "$P reproduce none.safetensors"))
    local text = read(shell.folder .. "/made/cnn.safetensors")
    file("made/cnn.safetensors", (text:gsub('\\"file\\":', '\\"fill\\":')))
    assert.matches("the recipe is damaged: recipe.file must be a string, found nil",
      refusal "made/cnn.safetensors")
    file("made/cnn.safetensors", (text:gsub('\\"shape\\":%[60,', '\\"shape\\":[[],', 1)))
    assert.matches("the recipe is damaged: recipe.fits.1.train.shape.1 must be a number, found",
      refusal "made/cnn.safetensors")
  end)
end)
