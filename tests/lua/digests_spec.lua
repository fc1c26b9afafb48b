-- The same bits on every machine, by way of Lua: with workers, after a kill, with folds. What each
-- kind of part learns is in tests/engine/digests.h.
local digits = require "digits"
local support = require "tests.lua.support"
local searches = require "tests.lua.searches"

-- Of the best of four trials, which folds choose too. Who alters bits on purpose alters it.
local BEST = "98d4a0044b3892b340669877839b52c4e0f02bea5c440d289226c29b3ca86c51"

-- Processors without FMA are the exception (on x86-64; elsewhere the default level has it).
local fuses = digits.info().kernels ~= "default"
local check = fuses and it or pending

describe("on every machine", function()
  local folder

  before_each(function() folder = support.folder() end)

  after_each(function() support.remove(folder) end)

  local function best(changes)
    return digits.search.grid(searches.options(changes)).best.model:digest()
  end

  check("a search finds a model of the same bits, with workers too", function()
    assert.are.equal(BEST, best())
    assert.are.equal(BEST, best { workers = 2 })
  end)

  check("so does one that was killed and goes on", function()
    local journal = folder .. "/grid.jsonl"
    local _, _, status = support.run(folder, [[
      local searches = require "tests.lua.searches"
      local options, trials = searches.options { journal = arg[1] }, 0
      local build = options.model
      options.model = function(p)
        trials = trials + 1
        if trials == 3 then os.execute "kill -9 $PPID" end
        return build(p)
      end
      require("digits").search.grid(options)]], journal)
    assert.are.equal(128 + 9, status)
    local found = digits.search.grid(searches.options { journal = journal })
    assert.are.equal(2, found.restored)
    assert.are.equal(BEST, found.best.model:digest())
  end)

  check("with folds a search finds a model of the same bits", function()
    assert.are.equal(BEST, best { folds = 3, validation = searches.NONE })
    assert.are.equal(BEST, best { folds = 3, validation = searches.NONE, workers = 2 })
  end)
end)
