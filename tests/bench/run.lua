-- The runner of `make bench`; tests/bench/run starts it and documents the environment variables.
local digits = require "digits"
local plan = dofile "tests/bench/plan.lua"
local measure = dofile "tests/bench/measure.lua"
local facts = dofile "tests/bench/facts.lua"
local record = dofile "tests/bench/record.lua"
local report = dofile "tests/bench/report.lua"

-- The value of an environment variable; nil if it is unset or empty.
local function setting(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local build, folder, history = setting "BUILD", setting "BENCH_DATA", setting "BENCH_HISTORY"
local python, base, json = setting "BENCH_PYTHON", setting "BASE", setting "JSON"
if base then plan = dofile "tests/bench/against.lua" (plan, base) end

local known = {
  process = build .. "/bench/process",
  sgemm = build .. "/bench/sgemm",
  reading = build .. "/bench/reading",
  spin = build .. "/bench/spin",
  digits = build .. "/digits-lua",
  base = setting "BENCH_BASE",
  python = python or "python3",
  data = folder,
  files = build .. "/bench/trees",
}

local function fill_in(command)
  return (command:gsub("%$(%a+)", function(name)
    return known[name] and measure.quote(known[name])
  end))
end

local function fail(...)
  io.stderr:write("bench: ", string.format(...), "\n")
  os.exit(2)
end

-- The selection of BENCH as a set.
local function chosen_works()
  local all, chosen = {}, {}
  for _, work in ipairs(plan.works) do all[work] = true end
  for work in (setting "BENCH" or ""):gmatch "[^%s,]+" do
    if not all[work] then
      fail("BENCH has '%s': expected some of %s", work, table.concat(plan.works, ", "))
    end
    chosen[work] = true
  end
  return next(chosen) and chosen or all
end

local function chosen_rounds()
  local text = setting "BENCH_ROUNDS"
  if not text then return base and 5 or 3 end
  local rounds = math.tointeger(tonumber(text))
  if not rounds or rounds < 1 then
    fail("BENCH_ROUNDS must be a whole number of at least 1, found '%s'", text)
  end
  return rounds
end

-- Checks that the files exist and reads them into memory, so that no run waits for the disk.
local function warm_up(form)
  local names = form == "csv" and "handwritten_digits_*.csv" or "*-ubyte"
  local pattern = measure.quote(folder) .. "/" .. names
  if not os.execute("cat " .. pattern .. " >/dev/null 2>&1") then
    fail("no MNIST in %s: run `make data` first", folder)
  end
end

local prepared = {}

local function prepare(command)
  if not command or prepared[command] then return end
  prepared[command] = true
  local done, said = measure.run(fill_in(command))
  if not done then fail("cannot prepare: %s", said) end
end

-- Runs the sides of a measurement in turn; skips sides with missing packages, and adds these to
-- `missing`; so with a measurement that the machine cannot make, as a whole: .left_out. Returns
-- what report.row and record.measurement read.
local function take(name, run, missing)
  local measurement = plan.measurements[name]
  for _, need in ipairs(measurement.needs or {}) do
    if run.machine[need] == false then
      missing[need] = true
      return { left_out = true, medians = {}, failures = {}, samples = {} }
    end
  end
  local sides, titles = {}, {}
  local function add(side, command, needs)
    for _, need in ipairs(needs or {}) do
      if not run.peers[need] and not run.machine[need] then
        missing[need] = true
        return
      end
    end
    if command then sides[#sides + 1] = { name = side, command = fill_in(command) } end
  end
  add("ours", measurement.ours, measurement.needs)
  for _, peer in ipairs(measurement.peers or {}) do
    add(peer.name, peer.command, peer.needs)
    titles[peer.name] = report.title(peer, run.peers)
  end
  if measurement.products then
    local command = plan.sgemm(run.machine.kernels)
    add("machine", measurement.machine and command .. " && " .. measurement.machine or command)
  end
  if measurement.reads then warm_up(measurement.reads) end
  prepare(measurement.prepare)
  local medians, failures, samples = measure.alternate(sides, run.rounds, function(round)
    io.stderr:write(("bench: %s, round %d of %d\n"):format(name, round, run.rounds))
  end)
  return { medians = medians, failures = failures, samples = samples, titles = titles }
end

-- Runs each measurement that the selected rows need once, with what the `last` run found. Returns
-- what was found by measurement, and the packages that are missing.
local function take_all(works, run, last)
  local found, missing = {}, {}
  local function take_once(name)
    if found[name] then return end
    if plan.measurements[name].after then take_once(plan.measurements[name].after) end
    found[name] = take(name, run, missing)
    found[name].last = last[name]
  end
  for _, row in ipairs(plan.rows) do
    if works[row.work] then take_once(row.measurement) end
  end
  if works.growth then take_once "growth" end
  return found, missing
end

-- The lines below the table, and whether one of our own commands failed.
local function remarks_on(found, missing, broken, run)
  local remarks, failed = {}, false
  for name, got in pairs(found) do
    for side, said in pairs(got.failures) do
      remarks[#remarks + 1] = ("%s: %s failed: %s"):format(name, side, said)
      failed = failed or side == "ours" or side == "machine"
    end
  end
  for need, source in pairs(plan.packages) do
    if missing[need] then
      remarks[#remarks + 1] = broken[need] and
        ("%s cannot be imported: %s"):format(need, broken[need]) or
        ("%s is not available; %s"):format(need, source)
    end
  end
  table.sort(remarks)
  if (run.machine.busy or 0) > 0.1 then
    remarks[#remarks + 1] = "Other processes were using the machine: the figures are doubtful."
  end
  return remarks, failed
end

-- The text of the whole report.
local function render(run, found, works)
  local gflops, cells = {}, {}
  for _, row in ipairs(plan.rows) do
    local got = works[row.work] and found[row.measurement]
    if got and got.left_out then got = nil end
    if got then cells[#cells + 1] = report.cells(row, got) end
    for name, speed in pairs(got and got.medians.machine or {}) do
      local core = name:match "gflops_(.*)"
      if core then gflops[core] = gflops[core] or speed end
    end
  end
  local lines = report.heading(run, gflops)
  local function add(more)
    if lines[#lines] ~= "" then lines[#lines + 1] = "" end
    table.move(more, 1, #more, #lines + 1, lines)
  end
  if cells[1] then add(report.table(cells)) end
  local grown = found.growth and found.growth.medians.ours
  for _, kind in ipairs(grown and plan.growth or {}) do
    add(report.growth(kind, grown))
    add(report.speedup(kind, grown))
  end
  if grown then
    local path = build .. "/growth.svg"
    report.growth_plot(plan.growth, grown):save(path)
    add { "plotted in " .. path }
  end
  local below = report.last_runs(found)
  table.move(run.remarks, 1, #run.remarks, #below + 1, below)
  if below[1] then add(below) end
  return table.concat(lines, "\n") .. "\n"
end

-- Completes the record of this run.
local function complete(run, found, works)
  run.time, run.measurements, run.failures, run.rows = os.date "!%Y-%m-%dT%H:%M:%SZ", {}, {}, {}
  for name, got in pairs(found) do
    run.measurements[name], run.failures[name] = record.measurement(got), got.failures
  end
  for _, row in ipairs(plan.rows) do
    if works[row.work] and not found[row.measurement].left_out then
      run.rows[#run.rows + 1] = report.row(row, found[row.measurement])
    end
  end
end

local function main()
  local began = digits.clock()
  local works = chosen_works()
  local run = { format = 1, rounds = chosen_rounds(), base = base }
  if json then -- refuses before the measurements rather than after them
    local file <close>, why = io.open(json, "a")
    if not file then fail("JSON: cannot write %s", why) end
  end
  run.program, run.machine = facts.program(build), facts.machine()
  local broken
  run.peers, broken =
    facts.peers(python and not base and fill_in "$python tests/bench/peers/versions.py")
  local last, unread = record.last(history, run.machine)
  local found, missing = take_all(works, run, last)
  local failed
  run.remarks, failed = remarks_on(found, missing, broken, run)
  if unread > 0 then
    table.insert(run.remarks, ("%s: %d lines cannot be read"):format(history, unread))
  end
  complete(run, found, works)

  local text = render(run, found, works)
  io.write(text)
  io.stderr:write(("bench: %.0f minutes in total\n"):format((digits.clock() - began) / 60))
  local file <close> = assert(io.open(build .. "/bench.txt", "w"))
  assert(file:write(text))
  local function write(path, mode)
    local written, why = record.write(run, path, mode)
    if not written then io.stderr:write("bench: cannot write ", why, "\n") end
    return written
  end
  write(history, "a")
  return (not json or write(json, "w")) and not failed
end

os.exit(main(), true)
