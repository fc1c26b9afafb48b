-- The table of `make bench`: which peer a row compares with, and what it says of a missing one.
local plan = dofile "tests/bench/plan.lua"
local report = dofile "tests/bench/report.lua"

describe("the bench", function()
  local row = {
    label = "an epoch", peers = { "plain", "first", "second" }, quickest = "seconds",
    value = "seconds", format = "%.1f s",
  }
  local score = setmetatable({ value = "score", format = "%.2f" }, { __index = row })

  local function cells(of, medians, failures)
    return report.cells(of, { medians = medians, failures = failures or {} })
  end

  it("compares with the quickest of several", function()
    local medians = {
      ours = { seconds = 1, score = 0.9 }, plain = { seconds = 4, score = 0.8 },
      first = { seconds = 3, score = 0.7 }, second = { seconds = 2, score = 0.6 },
    }
    assert.same({ "an epoch", "1.0 s", "2.0 s", "second", "0.500", "", "" }, cells(row, medians))
    assert.same({ "an epoch", "0.90", "0.60", "second", "1.500", "", "" }, cells(score, medians))
    medians.second.seconds = 5
    assert.same({ "an epoch", "1.0 s", "3.0 s", "first", "0.333", "", "" }, cells(row, medians))
    medians.plain.seconds = 0.5
    assert.same({ "an epoch", "1.0 s", "0.5 s", "plain", "2.000", "", "" }, cells(row, medians))
  end)

  it("compares with those that ran", function()
    local medians = { ours = { seconds = 1 }, plain = {}, second = { seconds = 2 } }
    assert.same({ "an epoch", "1.0 s", "2.0 s", "second", "0.500", "", "" },
      cells(row, medians, { plain = "no memory" }))
    assert.same({ "an epoch", "1.0 s", "failed", "plain", "", "", "" },
      cells(row, { ours = { seconds = 1 }, plain = {} }, { plain = "no memory" }))
    assert.same({ "an epoch", "1.0 s", "-", "plain", "", "", "" },
      cells(row, { ours = { seconds = 1 } }))
  end)

  it("lays out rows none of which has a target", function()
    local lines = report.table {
      cells(row, { ours = { seconds = 1 }, plain = { seconds = 4 } }),
    }
    assert.matches("^ +ours +peer +ours/peer  target$", lines[1])
    assert.equal("an epoch  1.0 s  4.0 s  plain      0.250", lines[3])
  end)

  it("compares with an earlier program of ours, in times and memory", function()
    local against = dofile "tests/bench/against.lua" (plan, "abc123")
    assert.is_true(#against.rows > 10)
    local seen = {}
    for _, of in ipairs(against.rows) do
      local measurement = against.measurements[of.measurement]
      assert.equal(measurement.ours:gsub("%$digits", "$base"), measurement.peers[1].command)
      assert.not_equal(measurement.ours, measurement.peers[1].command)
      assert.is_nil(seen[of.measurement .. tostring(of.value)])
      seen[of.measurement .. tostring(of.value)] = true
    end
    local medians = { ours = { seconds = 1.04 }, abc123 = { seconds = 1 } }
    local first = cells(against.rows[1], medians)
    assert.same({ "1.04 s", "1.00 s", "abc123", "1.040", "<= 1.03", "missed" },
      table.move(first, 2, 7, 1, {}))
  end)

  it("has a measurement and peers for every row", function()
    local works = {}
    for _, work in ipairs(plan.works) do works[work] = true end
    for _, of in ipairs(plan.rows) do
      local measurement = assert(plan.measurements[of.measurement], of.label)
      assert.truthy(works[of.work], of.label)
      local names = {}
      for _, peer in ipairs(measurement.peers or {}) do
        names[peer.name] = true
        for _, need in ipairs(peer.needs) do assert.truthy(plan.packages[need], of.label) end
      end
      if measurement.peers then
        for _, name in ipairs(of.peers or { of.peer or "PyTorch" }) do
          assert.truthy(names[name], of.label)
        end
      end
    end
  end)
end)
