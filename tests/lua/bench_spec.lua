-- What `make bench` prints and records: which peer a row compares with, what it says of a missing
-- one, the heading, and the history of runs.
local plan = dofile "tests/bench/plan.lua"
local record = dofile "tests/bench/record.lua"
local report = dofile "tests/bench/report.lua"
local parse_json = require("digits.core").internals.parse_json

describe("the bench", function()
  local row = {
    label = "an epoch", peers = { "plain", "first", "second" }, quickest = "seconds",
    value = "seconds", format = "%.1f s",
  }
  local score = setmetatable({ value = "score", format = "%.2f" }, { __index = row })

  local function cells(of, medians, failures, more)
    local found = { medians = medians, failures = failures or {} }
    for name, value in pairs(more or {}) do found[name] = value end
    return report.cells(of, found)
  end

  it("shows how fits grow, and what two threads gain", function()
    local kind = {
      learners = { "net" }, labels = { net = "network" }, rows = { 10, 20 }, counts = { 1, 50 },
      column = "batch of %d", threads = { 1, 2 },
    }
    local got = {
      net_10_1_1 = 4, net_10_1_2 = 2, net_20_1_1 = 8, net_20_1_2 = 4, net_10_50_1 = 1.5,
      net_10_50_2 = 1, net_20_50_1 = 3, cpu_net_10_1_1 = 4.25,
    }
    assert.same({
      "our fits: seconds   rows  batch of 1  batch of 50  CPU, batch of 1  CPU, batch of 50",
      ("-"):rep(84),
      "network, 1 thread     10        4.00         1.50             4.25                 -",
      "network, 1 thread     20        8.00         3.00                -                 -",
      "network, 2 threads    10        2.00         1.00                -                 -",
      "network, 2 threads    20        4.00            -                -                 -",
    }, report.growth(kind, got))
    assert.same({
      "2 threads against 1  rows  batch of 1  batch of 50",
      ("-"):rep(50),
      "network                10        2.00         1.50",
      "network                20        2.00            -",
    }, report.speedup(kind, got))
    local path = os.tmpname() .. ".svg"
    report.growth_plot({ kind, kind }, got):save(path)
    local file = assert(io.open(path))
    local svg = file:read "a"
    file:close()
    os.remove(path)
    assert.truthy(svg:find("batch of 50, 2 threads", 1, true))
    assert.truthy(svg:find("network", 1, true))
  end)

  it("has a row for what two threads gain each learner", function()
    local rows = {}
    for _, found in ipairs(plan.rows) do
      if found.work == "threads" then rows[#rows + 1] = found end
    end
    assert.equal(#plan.threaded, #rows)
    local medians = { ours = { threads_forest = 0.55, threads_spin = 0.5 } }
    assert.same({ "2 threads / 1: independent loops in C", "0.500" },
      { table.unpack(cells(rows[1], medians), 1, 2) })
    local forest = cells(rows[2], medians)
    assert.equal("0.550", forest[2])
    assert.equal("missed", forest[9])
    medians.ours.threads_forest = 0.54
    assert.equal("met", cells(rows[2], medians)[9])
    assert.equal("1", record.unit "threads_forest")
  end)

  it("compares with the quickest of several", function()
    local medians = {
      ours = { seconds = 1, score = 0.9 }, plain = { seconds = 4, score = 0.8 },
      first = { seconds = 3, score = 0.7 }, second = { seconds = 2, score = 0.6 },
    }
    assert.same({ "an epoch", "1.0 s", "", "2.0 s", "second", "0.500", "", "", "" },
      cells(row, medians))
    assert.same({ "an epoch", "0.90", "", "0.60", "second", "1.500", "", "", "" },
      cells(score, medians))
    medians.second.seconds = 5
    assert.same({ "an epoch", "1.0 s", "", "3.0 s", "first", "0.333", "", "", "" },
      cells(row, medians))
    medians.plain.seconds = 0.5
    assert.same({ "an epoch", "1.0 s", "", "0.5 s", "plain", "2.000", "", "", "" },
      cells(row, medians))
  end)

  it("compares with those that ran", function()
    local medians = { ours = { seconds = 1 }, plain = {}, second = { seconds = 2 } }
    assert.same({ "an epoch", "1.0 s", "", "2.0 s", "second", "0.500", "", "", "" },
      cells(row, medians, { plain = "no memory" }))
    assert.same({ "an epoch", "1.0 s", "", "failed", "plain", "", "", "", "" },
      cells(row, { ours = { seconds = 1 }, plain = {} }, { plain = "no memory" }))
    assert.same({ "an epoch", "1.0 s", "", "-", "plain", "", "", "", "" },
      cells(row, { ours = { seconds = 1 } }))
  end)

  it("lays out rows none of which has a target", function()
    local lines = report.table {
      cells(row, { ours = { seconds = 1 }, plain = { seconds = 4 } }),
    }
    assert.matches("^ +ours +peer +ours/peer$", lines[1])
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
    assert.same({ "1.04 s", "", "1.00 s", "abc123", "1.040", "", "<= 1.03", "missed" },
      table.move(first, 2, 9, 1, {}))
  end)

  it("has targets for bfloat16, where the processor has it", function()
    local targets = {}
    for _, of in ipairs(plan.rows) do
      local measurement = plan.measurements[of.measurement]
      if measurement.needs and measurement.needs[1] == "AVX512_BF16" then
        assert.matches(" bfloat16 ", measurement.ours)
        targets[of.measurement] = targets[of.measurement] or of.ratio_target
      end
    end
    assert.same({ cnn_bfloat16 = 1 / 5, deep_bfloat16 = 0.9 }, targets)
    assert.is_string(plan.packages.AVX512_BF16)
  end)

  it("names the peer with its version and mode", function()
    local versions = { PyTorch = "2.15.0+cu132", pandas = "3.1.1" }
    local mode = { name = "channels-last", needs = { "PyTorch" }, mode = "channels-last" }
    assert.equal("PyTorch 2.15, channels-last", report.title(mode, versions))
    assert.equal("pandas 3.1", report.title({ name = "pandas", needs = { "pandas" } }, versions))
    assert.equal("PyTorch, channels-last", report.title(mode, {}))
    assert.equal("abc123", report.title({ name = "abc123" }, versions))
    local got = cells(row, { ours = { seconds = 1 }, plain = { seconds = 4 } }, {},
      { titles = { plain = "PyTorch 2.15" } })
    assert.equal("PyTorch 2.15", got[5])
  end)

  it("gives the share of sgemm's speed where it knows the products", function()
    local product = setmetatable({ flop = 50e9 }, { __index = row })
    local medians = {
      ours = { seconds = 2 }, machine = { gflops_Zen = 40, gflops_SkylakeX = 100 },
    }
    assert.equal("25 %", cells(product, medians)[7])
    assert.equal(0.25, report.row(product, { medians = medians }).sgemm_share)
    assert.equal("", cells(row, medians)[7])
    medians.machine = {}
    assert.equal("", cells(product, medians)[7])
  end)

  it("compares predictions with what the machine allows", function()
    local times = {}
    for _, of in ipairs(plan.rows) do
      if of.work == "predict" and type(of.value) == "function" then
        times[#times + 1] = of.value
      end
    end
    local got = { seconds = 0.3, one_us = 60 }
    local machine = { gflops_Zen = 100, gflops_SkylakeX = 200, read_gbs = 80 }
    assert.equal(2, #times)
    assert.near(0.3 / (14000 * (921600 + 1182208) / 200e9), times[1](got, machine), 1e-9)
    assert.near(60e-6 / (4 * 592074 / 80e9 + 921600 / 100e9), times[2](got, machine), 1e-9)
    machine.read_gbs = nil
    assert.is_nil(times[2](got, machine))
    assert.is_nil(times[1](got, {}))
    assert.is_nil(times[1]({}, machine))
    assert.equal("GB/s", record.unit "read_gbs")
  end)

  it("asks the CNN for a share of sgemm's speed, the deep network for less than float32", function()
    local shares, modes = {}, {}
    for _, of in ipairs(plan.rows) do
      if of.measurement == "cnn" and of.target == 1.47 then shares[#shares + 1] = of.value end
      if of.measurement == "deep" and of.ratio_target then modes[#modes + 1] = of end
    end
    assert.equal(1, #shares)
    assert.near(2 / (39200 * (2 * 921600 + 3 * 1182208) / 200e9),
      shares[1]({ seconds = 2 }, { gflops_Zen = 100, gflops_SkylakeX = 200 }), 1e-9)
    assert.equal(1, #modes)
    assert.same({ "PyTorch", "channels-last", 0.6 }, { modes[1].peers[1], modes[1].peers[2],
      modes[1].ratio_target })
    assert.is_nil(modes[1].peers[3])
  end)

  it("counts the products of the networks, forward and backward", function()
    local flop = {}
    for _, of in ipairs(plan.rows) do
      if of.flop and not flop[of.measurement] then flop[of.measurement] = of.flop end
    end
    assert.equal(39200 * (2 * 921600 + 3 * 1182208), flop.cnn)
    assert.equal(14000 * (921600 + 1182208), flop.predict)
    assert.equal(39200 * (2 * 200704 + 3 * 17664), flop.dense)
    assert.equal(6000 * (2 * 451584 + 3 * 36932096), flop.deep)
    assert.equal(2 * 60000 * 10000 * 784, flop.neighbors)
  end)

  local run = {
    format = 1, time = "2026-11-26T07:40:00Z", rounds = 2,
    program = { version = "0.1.0", revision = "abc1234", changed = true, compiler = "gcc 12" },
    machine = {
      processor = "AMD EPYC", processors = 2, kernels = "x86-64-v3", openblas = "0.3.21",
      openblas_core = "Zen", busy = 0.25,
    },
    peers = { PyTorch = "2.15.0" }, failures = {}, remarks = {}, rows = {},
  }
  local found = {
    medians = { ours = { seconds = 1.5 }, machine = { gflops_Zen = 30 }, plain = {} },
    samples = { ours = { seconds = { 1, 2 } }, machine = { gflops_Zen = { 30 } }, plain = {
      seconds = { 4 } } },
    failures = { plain = "no memory" },
  }

  it("begins with the program, the machine and the peers", function()
    assert.same({
      "digits-lua 0.1.0, commit abc1234 with changes, on 2 threads, medians of 2 alternating runs",
      "compiler  gcc 12",
      "machine   AMD EPYC, 2 cores, 25 % in use by others",
      "          kernels x86-64-v3, OpenBLAS 0.3.21 Zen, sgemm 100 GFLOP/s (SkylakeX), " ..
        "30 GFLOP/s (Zen)",
      "peers     PyTorch 2.15.0", "",
    }, report.heading(run, { Zen = 30, SkylakeX = 100 }))
    local against = setmetatable({ base = "def5678", program = { version = "0.1.0",
      compiler = "gcc 12" } }, { __index = run })
    local lines = report.heading(against, {})
    assert.equal("digits-lua 0.1.0, on 2 threads, medians of 2 alternating runs", lines[1])
    assert.equal("          kernels x86-64-v3, OpenBLAS 0.3.21 Zen", lines[4])
    assert.equal("peer      digits-lua of commit def5678", lines[5])
  end)

  it("records medians, samples and units", function()
    run.measurements = { cnn = record.measurement(found) }
    local read = parse_json(record.text(run), "record")
    assert.same({ unit = "s", median = 1.5, samples = { 1, 2 } },
      read.measurements.cnn.ours.seconds)
    assert.same({ unit = "GFLOP/s", median = 30, samples = { 30 } },
      read.measurements.cnn.machine.gflops_Zen)
    assert.same({ unit = "s", samples = { 4 } }, read.measurements.cnn.plain.seconds)
    assert.same(run.machine, read.machine)
    assert.is_nil(read.rows)
    assert.equal("s", record.unit "boosting_39200_100_2")
    assert.is_nil(record.unit "furlongs")
    for _, of in ipairs(plan.rows) do
      if type(of.value) == "string" then assert.is_string(record.unit(of.value), of.label) end
    end
  end)

  it("finds the last run on the same machine", function()
    local path = os.tmpname()
    local function add(changes, measurements)
      local next_run = setmetatable(changes, { __index = run })
      local whole = { measurements = measurements }
      for key in pairs(run) do whole[key] = whole[key] or next_run[key] end
      assert(record.write(whole, path, "a"))
    end
    local function ours(seconds)
      return { ours = { seconds = { unit = "s", median = seconds, samples = { seconds } } } }
    end
    os.remove(path)
    assert.same({}, (record.last(path, run.machine)))
    add({ time = "1" }, { cnn = ours(1), deep = ours(2) })
    add({ time = "2" }, { cnn = ours(3) })
    add({ time = "3", machine = { processor = "another", processors = 2 } }, { cnn = ours(4) })
    add({ time = "4" }, { cnn = { plain = { seconds = { unit = "s", samples = { 5 } } } } })
    local file = assert(io.open(path, "a"))
    assert(file:write '{"format":1,"mach')
    file:close()
    local last, broken = record.last(path, run.machine)
    os.remove(path)
    assert.equal(1, broken)
    assert.equal(3, last.cnn.medians.ours.seconds)
    assert.equal(2, last.deep.medians.ours.seconds)
    assert.equal("4.0 s", cells(row, { ours = { seconds = 1 } }, {}, {
      last = { medians = { ours = { seconds = 4 } } },
    })[3])
    last.cnn.busy = nil
    assert.same({ "last run  1, commit abc1234 with changes, 25 % in use by others: deep",
      "last run  2, commit abc1234 with changes: cnn" },
      report.last_runs { cnn = { last = last.cnn }, deep = { last = last.deep }, csv = {} })
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
