-- Journals of searches, and searches that are killed.
local digits = require "digits"
local support = require "tests.lua.support"
local searches = require "tests.lua.searches"
local search = digits.search
local train, validation, build = searches.train, searches.validation, searches.build
local NONE, options, outcome = searches.NONE, searches.options, searches.outcome

-- The message of a call that must fail, at the line of this file.
local function refusal(action, ...)
  local given = table.pack(...)
  return support.message(function()
    local result = action(table.unpack(given, 1, given.n))
    return result
  end)
end

describe("a journal", function()
  local folder, path

  before_each(function()
    folder = support.folder()
    path = folder .. "/grid.jsonl"
  end)

  after_each(function() support.remove(folder) end)

  local function read()
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
  end

  -- Runs the search with the journal; gives what it found, and how many models it made.
  local function run(changes, kind)
    local count = 0
    local given = options(changes)
    local model = given.model
    given.journal = path
    given.model = function(p)
      count = count + 1
      return model(p)
    end
    return search[kind or "grid"](given), count
  end

  it("has a line a trial, and the best weights beside it", function()
    local found, count = run()
    assert.are.equal(4, count)
    local _, lines = read():gsub("\n", "\n")
    assert.are.equal(5, lines)
    local best = digits.load(folder .. "/grid.best.safetensors")
    assert.are.equal(found.best.scores.accuracy, best:evaluate(validation).accuracy)
    local again, repeated = run()
    assert.are.equal(0, repeated)
    assert.are.same({ 0, 4 }, { found.restored, again.restored })
    assert.are.same(outcome(found), outcome(again))
    assert.are.equal(tostring(found), tostring(again))
    assert.are.equal(found.best.scores.accuracy, again.best.model:evaluate(validation).accuracy)
    assert.are.equal(tostring(found.best.history), tostring(again.best.history))
    os.remove(folder .. "/grid.best.safetensors")
    local _, message = pcall(function() return run().best.model end)
    assert.matches("grid%.best%.safetensors, the best model, no longer exists; remove the journal",
      message)
  end)

  it("goes on after any number of lines, whole or torn", function()
    local whole = outcome((run()))
    local text = read()
    local ends = {}
    for place in text:gmatch "()\n" do ends[#ends + 1] = place end
    for i = 1, #ends - 1 do
      support.write(path, text:sub(1, ends[i]))
      local found, count = run()
      assert.are.same(whole, outcome(found))
      assert.are.equal(5 - i, count)
      assert.are.equal(found.best.scores.accuracy,
        digits.load(folder .. "/grid.best.safetensors"):evaluate(validation).accuracy)
      for _, cut in ipairs { ends[i] + 1, ends[i + 1] - 10, ends[i + 1] - 1 } do
        support.write(path, text:sub(1, cut))
        found, count = run { workers = 2 }
        assert.are.same(whole, outcome(found))
        assert.are.equal(5 - i, count)
        local _, lines = read():gsub("\n", "\n")
        assert.are.equal(5, lines)
      end
    end
    support.write(path, text:sub(1, 20)) -- the first line, cut
    assert.are.same(whole, outcome((run())))
    support.write(path, "")
    assert.are.same(whole, outcome((run())))
  end)

  it("says that a line was dropped", function()
    run()
    support.write(path, read():sub(1, -20))
    local said = {}
    local out = { write = function(_, ...) said[#said + 1] = table.concat { ... } end }
    function out.flush() end
    local stdout = io.stdout
    rawset(io, "stdout", out)
    local ok, message = pcall(run, { verbose = 1 })
    rawset(io, "stdout", stdout)
    assert(ok, message)
    assert.matches("grid%.jsonl ended with an incomplete line, which was dropped", said[1])
    assert.matches("3 of 4 trials were finished by an earlier run", said[2])
    assert.matches("^trial %d of 4: accuracy", said[3])
  end)

  it("of another search is refused, and says what differs", function()
    run()
    local text = read()
    local function message(changes) return select(2, pcall(run, changes)) end
    assert.matches("is the journal of another search: seed was \"3\", is now \"4\"",
      message { seed = 4 })
    assert.matches("params%.dropout was %[0%.1,0%.5%], is now %[0%.1,0%.6%]",
      message { params = { dropout = { 0.1, 0.6 }, learning_rate = { 1e-3, 1e-2 } } })
    assert.matches("metric was \"accuracy\", is now \"loss\"", message { metric = "loss" })
    assert.matches("train%.rows was 300, is now 299", message { train = train:take(299) })
    assert.matches("validation%.fingerprint was",
      message { validation = validation:shuffle { seed = 1 } })
    assert.matches("folds was absent, is now 2", message { folds = 2, validation = NONE })
    local _, other = pcall(run, { trials = 2 }, "random")
    assert.matches("kind was \"grid\", is now \"random\"", other)
    assert.are.equal(text, read())
  end)

  it("that is none, is damaged or was changed is refused, and kept", function()
    local function message() return select(2, pcall(run)) end
    for _, text in ipairs { "hello", "hello\n", "{}\n", "false\n", "[1,2]\nfoo" } do
      support.write(path, text)
      assert.matches("grid%.jsonl is not the journal of a search", message())
      assert.are.equal(text, read())
    end
    os.remove(path)
    run()
    local text = read()
    for _, change in ipairs {
      { "\n{.-\n", "\n{\"trial\":1\n", "line 2 of .* is not valid JSON" },
      { "\n{.-\n", "\n7\n", "line 2 of .* is not the record of a trial" },
      { "\"dropout\":0.1,", "\"dropout\":0.3,", "different parameters or .* for trial 1" },
      { "\"version\":1", "\"version\":9", "version 9 of the format" },
    } do
      local changed = text:gsub(change[1], change[2], 1)
      assert.are_not.equal(text, changed)
      support.write(path, changed)
      assert.matches(change[3], message())
      assert.are.equal(changed, read())
    end
  end)

  it("is the only one to use its file of weights, whatever the names", function()
    local names, scores = { "i.jsonl", "i.json", "i" }, {}
    local function search_in(name, units)
      return search.grid(options { journal = folder .. "/" .. name, model = function(p)
        local nn = digits.nn
        return searches.compiled(nn.Sequential { nn.Input { 28, 28, 1 }, nn.Flatten {},
          nn.Dense { units }, nn.Dense { 10, activation = "softmax" } }, p.learning_rate)
      end })
    end
    for i, name in ipairs(names) do
      scores[i] = search_in(name, 4 + i).best.model:predict_proba(validation)
    end
    for i, name in ipairs(names) do
      local found = search_in(name, 4 + i)
      assert.are.equal(4, found.restored)
      assert.is_true(found.best.model:predict_proba(validation) == scores[i])
    end
  end)

  it("refuses weights that are not those of its best trial", function()
    local best = folder .. "/grid.best.safetensors"
    local function message() return refusal(function() return run().best.model end) end
    local found = run()
    local ours = support.read(best)
    found.best.model:save(best) -- says nothing of a search, as files of older versions
    assert.matches("grid%.best%.safetensors is not the model of trial %d of .*grid%.jsonl: it " ..
      "does not name its search", message())
    support.write(best, "nothing")
    assert.matches("is not the model of trial %d of .*: .*safetensors", message())
    local text = read()
    os.remove(path)
    run()
    local theirs = support.read(best)
    assert.are_not.equal(ours, theirs) -- another search, though it found the same
    support.write(path, text)
    assert.matches("it is the model of another search; remove both", message())
    support.write(best, ours)
    assert.are.equal(found.best.scores.accuracy, run().best.model:evaluate(validation).accuracy)
    support.write(best, (ours:gsub("trial %d of search", "trial 9 of search")))
    assert.matches("it is the model of another trial; remove both", message())
  end)

  it("of an older version has histories of rounds without their name", function()
    local changes = { params = { n_estimators = { 2, 3 } }, fit = NONE, model = function(p)
      return digits.tree.GradientBoosting { n_estimators = p.n_estimators, max_depth = 2 }
    end }
    local history = run(changes).trials[1].history
    local text, steps = read():gsub('"step":"round",', "")
    assert.are.equal(2, steps)
    support.write(path, text)
    local again = run(changes).trials[1].history
    assert.are.equal("round", again.step)
    assert.are.equal(tostring(history), tostring(again))
  end)

  it("of an older version is read, but not its weights, which do not name their search", function()
    local found = run()
    local text, ids = read():gsub(',"id":"%x+"', "")
    assert.are.equal(1, ids)
    support.write(path, text)
    found.best.model:save(folder .. "/grid.best.safetensors")
    local again, count = run()
    assert.are.equal(0, count)
    assert.are.same(outcome(found), outcome(again))
    assert.matches("it does not name its search, because an older version saved it",
      refusal(function() return again.best.model end))
    support.write(path, text:match "^[^\n]*\n") -- interrupted, it goes on, and keeps its best
    again, count = run()
    assert.are.equal(4, count)
    again = run()
    assert.are.equal(found.best.scores.accuracy, again.best.model:evaluate(validation).accuracy)
  end)

  it("with a record that is damaged names the line, and what is wrong", function()
    run { folds = 2, validation = NONE }
    local text = read()
    local head, record, rest = text:match "^([^\n]*\n)([^\n]*)\n(.*)$"
    local function message(line)
      support.write(path, head .. line .. "\n" .. rest)
      return refusal(run, { folds = 2, validation = NONE })
    end
    for _, case in ipairs {
      { '"scores":{"accuracy":', '"scores":{"recall":', "scores has no field accuracy" },
      { '"scores":{"accuracy":[%d.]+', '"scores":{"accuracy":null', "scores.accuracy is not a n" },
      { '"scores":{"accuracy":[%d.]+', '"scores":{"accuracy":"0.5"', "scores is not a table of n" },
      { '"scores":{"accuracy":[%d.]+', '"scores":{"accuracy":{}', "scores is not a table of n" },
      { '"scores":{[^}]*}', '"scores":0.5', "scores is not a table of numbers" },
      { '"scores":{[^}]*}', '"scores":[0.5]', "scores is not a table of numbers" },
      { '"spread":{[^}]*}', '"spread":7', "spread is not a table of numbers" },
      { '"spread":{[^}]*}', '"spread":{"loss":"x"}', "spread is not a table of numbers" },
      { '"folds":%[[^%]]*%]', '"folds":7', "folds is not a list" },
      { '"folds":%[[^%]]*%]', '"folds":[7]', "folds is not a list of tables of numbers" },
      { '"seconds":[^,]*,', '"seconds":"long",', "seconds is not a number" },
      { '"trial":1', '"trial":"1"', "trial is not a positive integer" },
      { '"params":{[^}]*}', '"params":1', "params is not a table" },
      { '"spread"', '"history":7,"spread"', "history is not the history of a fit" },
      { '"spread"', '"history":{"loss":[1],"epochs":2},"spread"', "history is not the h" },
      { '"spread"', '"history":{"accuracy":5},"spread"', "history is not the history of a fit" },
      { '"spread"', '"history":{"accuracy":"5"},"spread"', "history is not the history of a fit" },
      { '"spread"', '"history":{"rounds":[5]},"spread"', "history is not the history of a fit" },
      { '"spread"', '"rung":"first","spread"', "rung is not an integer" },
      { '"spread"', '"error":7,"spread"', "error is not a string" },
    } do
      local changed, count = record:gsub(case[1], case[2], 1)
      assert.are.equal(1, count, case[1])
      local found = message(changed)
      assert.matches("^grid: line 2 of .*grid%.jsonl is not the record of a trial: ", found)
      assert.is_truthy(found:find(case[3], 1, true), found)
      assert.matches("; remove that line to repeat its trial$", found)
    end
    assert.matches("line 2 of .*: refit is not an integer", message '{"refit":"all"}')
  end)

  it("keeps infinite scores as they are", function()
    local score = math.huge
    local changes = { metric = function()
      score = -score
      return score
    end }
    local found, again = run(changes), run(changes)
    assert.are.equal(4, again.restored)
    for i, trial in ipairs(found.trials) do
      assert.are.equal(math.huge, math.abs(trial.scores.score))
      assert.are.equal(trial.scores.score, again.trials[i].scores.score)
    end
    assert.are.equal(tostring(found), tostring(again))
  end)

  it("that cannot be written ends the search before it begins", function()
    local made = 0
    local function message(name)
      return refusal(search.grid, options { journal = name, model = function(p)
        made = made + 1
        return build(p)
      end })
    end
    assert.matches("cannot write .*/none/grid%.jsonl: there is no folder",
      message(folder .. "/none/grid.jsonl"))
    assert.matches("cannot write .*: Is a directory", message(folder))
    assert.matches("its name is empty", message "")
    os.execute("mkdir '" .. folder .. "/grid.best.safetensors'")
    assert.matches("grid%.best%.safetensors: it is a directory", message(path))
    assert.are.equal(0, made)
  end)

  it("belongs to one program at a time", function()
    local inner
    run { params = { dropout = { 0.1 } }, model = function(p)
      inner = select(2, pcall(search.grid, options { journal = path }))
      return build(p)
    end }
    assert.matches("grid%.jsonl is being written by another program", inner)
  end)

  it("keeps failures, folds and rungs", function()
    local function half(p)
      if p.dropout == 0.1 then error "half \"of\"\tthem" end
      return build(p)
    end
    local found = run { model = half, folds = 2, validation = NONE }
    local again, count = run { model = half, folds = 2, validation = NONE }
    assert.are.equal(0, count)
    assert.are.same(outcome(found), outcome(again))
    assert.are.equal(tostring(found), tostring(again))
    assert.is_true(again.best.model:evaluate(validation).accuracy > 0.1)
    again, count = run { model = half, folds = 2, validation = NONE, retry_failed = true }
    assert.are.equal(2, count)
    assert.are.same(outcome(found), outcome(again))
    os.remove(path)

    local function none() error "none of them" end
    for _ = 1, 2 do -- what failed altogether is tried again
      assert.matches("all 4 trials failed; trial 1: .*none of them",
        select(2, pcall(run, { model = none })))
    end
    again, count = run()
    assert.are.equal(4, count)
    assert.is_nil(again.trials[1].error)
    os.remove(path)

    local changes = { fit = { batch_size = 50 }, max = 3, factor = 2 }
    found = run(changes, "halving")
    local text = read()
    support.write(path, text:match "^[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n")
    again, count = run(changes, "halving")
    assert.are.equal(#found.trials - 5, count)
    assert.are.same(outcome(found), outcome(again))
  end)
end)

describe("a journal of other options of fit", function()
  it("is refused, and goes on if they only tell more", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local function run(fit)
      return search.grid(options { params = { learning_rate = { 1e-3 } }, fit = fit,
        journal = folder .. "/fit.jsonl" }).restored
    end
    local scaler = { digits.data.StandardScaler {} }
    local function fit(changes)
      local given = { epochs = 1, batch_size = 50, preparation = scaler,
        on_epoch_end = function() end }
      for name, value in pairs(changes or {}) do
        if value == NONE then given[name] = nil else given[name] = value end
      end
      return given
    end
    assert.are.equal(0, run(fit()))
    assert.are.equal(1, run(fit { verbose = 0 }))
    assert.matches('another search: fit.epochs was 1, is now 2;', refusal(run, fit { epochs = 2 }))
    assert.matches('fit.preparation was %["StandardScaler {}"%], is now absent', refusal(run,
      fit { preparation = NONE }))
    -- earlier programs did not write them
    local path = folder .. "/fit.jsonl"
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    file = assert(io.open(path, "wb"))
    file:write((text:gsub('"fit":%b{},', "", 1)))
    file:close()
    assert.are.equal(1, run(fit { epochs = 2 }))
  end)
end)

describe("a search that is killed", function()
  local SCRIPT = [[
    local digits = require "digits"
    local nn = digits.nn
    local all = digits.data.idx { images = "vendor/mnist/t10k-images-idx3-ubyte.gz",
      labels = "vendor/mnist/t10k-labels-idx1-ubyte.gz" }
    local train, validation = all:split { 400, 200, #all - 600, seed = 1 }
    local found = digits.search.grid {
      params = { dropout = { 0.1, 0.5 }, units = { 10, 20, 30 } }, seed = 1, train = train,
      validation = validation, verbose = 0, journal = arg[1], workers = tonumber(arg[2]),
      fit = { epochs = tonumber(arg[3]), batch_size = 20 },
      model = function(p)
        local m = nn.Sequential { nn.Input { 28, 28, 1 },
          nn.Conv2D { 4, { 5, 5 }, activation = "relu" }, nn.Flatten {}, nn.Dropout(p.dropout),
          nn.Dense { p.units }, nn.Dense { 10, activation = "softmax" } }
        m:compile { optimizer = nn.Adam {}, loss = "categorical_crossentropy",
          metrics = { "accuracy" } }
        return m
      end }
    for _, t in ipairs(found.trials) do
      print(t.rank, t.seed, t.params, t.scores, t.error)
    end
    print(found.best, found.best.model:evaluate(validation).accuracy)]]

  local folder

  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  local function run(journal, workers, epochs, before)
    return support.run(folder, SCRIPT, ("'%s/%s' %d %d"):format(folder, journal, workers, epochs),
      before)
  end

  local function lines_of(journal)
    local count = 0
    local file = io.open(folder .. "/" .. journal, "rb")
    if not file then return 0 end
    for _ in file:lines() do count = count + 1 end
    file:close()
    return count
  end

  it("by SIGKILL at any moment ends with the same table", function()
    local epochs = support.sanitized and 1 or 6
    local began = digits.clock()
    local whole, err, status = run("whole.jsonl", 1, epochs)
    assert.are.same({ "", 0 }, { err, status })
    local seconds = digits.clock() - began
    assert.matches("trial %d: ", whole)
    for workers = 1, 2 do
      local journal = "killed" .. workers .. ".jsonl"
      local killed = 0
      for _, share in ipairs { 0.25, 0.4, 0.55, 0.35, 0.3 } do
        local _, _, ended = run(journal, workers, epochs,
          ("timeout -s KILL %.3f"):format(share * seconds))
        if ended ~= 0 then killed = killed + 1 end
      end
      assert.is_true(killed >= 1)
      local out
      out, err, status = run(journal, workers, epochs)
      assert.are.same({ "", 0 }, { err, status })
      assert.are.equal(whole, out)
      assert.are.equal(7, lines_of(journal))
    end
  end)

  it("by Ctrl-C is interrupted, its journal whole", function()
    local _, err, status = run("c.jsonl", 2, 100000, "timeout -s INT 2")
    assert.matches("interrupted", err)
    assert.is_true(status == 124 or status == 130)
    assert.are.equal(1, lines_of "c.jsonl")
  end)
end)
