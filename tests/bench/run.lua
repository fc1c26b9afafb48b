-- The runner of `make bench`; tests/bench/run starts it and documents the environment variables.
local digits = require "digits"
local plan = dofile "tests/bench/plan.lua"
local measure = dofile "tests/bench/measure.lua"
local report = dofile "tests/bench/report.lua"

local build, folder = os.getenv "BUILD", os.getenv "BENCH_DATA"
local python = os.getenv "BENCH_PYTHON"
if python == "" then python = nil end
local base = os.getenv "BASE"
if base == "" then base = nil end
if base then plan = dofile "tests/bench/against.lua" (plan, base) end

local known = {
  process = build .. "/bench/process",
  sgemm = build .. "/bench/sgemm",
  digits = build .. "/digits-lua",
  base = os.getenv "BENCH_BASE",
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
  for work in (os.getenv "BENCH" or ""):gmatch "[^%s,]+" do
    if not all[work] then
      fail("BENCH has '%s': expected some of %s", work, table.concat(plan.works, ", "))
    end
    chosen[work] = true
  end
  return next(chosen) and chosen or all
end

local function chosen_rounds()
  local text = os.getenv "BENCH_ROUNDS"
  if not text or text == "" then return base and 5 or 3 end
  local rounds = math.tointeger(tonumber(text))
  if not rounds or rounds < 1 then
    fail("BENCH_ROUNDS must be a whole number of at least 1, found '%s'", text)
  end
  return rounds
end

-- Whether the processor has instructions for bfloat16, if the system says so.
local function has_bfloat16()
  local file <close> = io.open "/proc/cpuinfo"
  for line in file and file:lines() or function() end do
    local words = line:match "^flags%s*:(.*)" or line:match "^Features%s*:(.*)"
    for word in (words or ""):gmatch "%S+" do
      if word == "avx512_bf16" or word == "amx_bf16" or word == "bf16" then return true end
    end
  end
  return false
end

-- The peers that can be used, name -> version, and those that are broken, name -> why.
local function find_peers()
  local versions, broken = {}, {}
  local command = python and not base and "$python tests/bench/peers/versions.py"
  local said = command and measure.output(fill_in(command)) or ""
  for line in said:gmatch "[^\n]+" do
    local name, why = line:match "^failed (%S+) (.*)"
    if name then
      broken[name] = why
    else
      local peer, version = line:match "^(%S+) (.+)"
      if peer then versions[peer] = version end -- packages may print lines of their own
    end
  end
  local lua = measure.output "lua5.4 -v"
  versions["lua5.4"] = lua and lua:match "Lua ([%d.]+)"
  versions.bfloat16 = has_bfloat16() and "there" or nil
  return versions, broken
end

-- Checks that the files exist and reads them into memory, so that no run waits for the disk.
local function warm_up(form)
  local names = form == "csv" and "handwritten_digits_*.csv" or "*-ubyte"
  local pattern = measure.quote(folder) .. "/" .. names
  if not os.execute("cat " .. pattern .. " >/dev/null 2>&1") then
    fail("no MNIST in %s: run `make data` first", folder)
  end
end

-- The ticks of all processors so far, and the idle ones among them, if the system tells.
local function processor_ticks()
  local file <close> = io.open "/proc/stat"
  local fields, total = {}, 0
  for field in (file and file:read "l" or ""):gmatch "%d+" do
    fields[#fields + 1] = tonumber(field)
    total = #fields <= 8 and total + fields[#fields] or total -- user time includes that of guests
  end
  return total, #fields >= 5 and fields[4] + fields[5] or nil
end

-- The share of the processors that others use, measured before we begin.
local function busy_share()
  local total, idle = processor_ticks()
  if not idle or not os.execute "sleep 1" then return nil end
  local later_total, later_idle = processor_ticks()
  return 1 - (later_idle - idle) / math.max(1, later_total - total)
end

-- The versions of the peers in lines of at most 100 columns.
local function peer_lines(versions)
  local lines = {}
  for _, name in ipairs {
    "PyTorch", "pandas", "scikit-learn", "scikit-learn-intelex", "XGBoost", "LightGBM", "Python",
    "lua5.4",
  } do
    local text = versions[name] and name .. " " .. versions[name]
    local last = lines[#lines]
    if text and last and #last + #text + 2 <= 100 then
      lines[#lines] = last .. ", " .. text
    elseif text then
      if last then lines[#lines] = last .. "," end
      lines[#lines + 1] = (last and "          " or "peers     ") .. text
    end
  end
  return lines[1] and lines or { "peers     none" }
end

local function heading(rounds, versions, busy, machine)
  local info = digits.info()
  local speeds = {}
  for name, speed in pairs(machine) do
    speeds[#speeds + 1] = ("%.0f GFLOP/s (%s)"):format(speed, name:match "gflops_(.*)")
  end
  table.sort(speeds)
  local lines = {
    ("digits-lua %s on 2 threads, %s"):format(info.version,
      rounds == 1 and "a single run of each" or ("medians of %d alternating runs"):format(rounds)),
    ("machine   %s, %d core%s%s"):format(info.processor, info.processors,
      info.processors == 1 and "" or "s",
      busy and (", %.0f %% in use by others"):format(100 * busy) or ""),
    ("          kernels %s, %s %s%s"):format(info.kernels,
      info.openblas:match "OpenBLAS [%d.]+" or "OpenBLAS", info.openblas_core,
      speeds[1] and ", sgemm " .. table.concat(speeds, ", ") or ""),
  }
  local peers = base and { "peer      digits-lua of commit " .. base } or peer_lines(versions)
  for _, line in ipairs(peers) do lines[#lines + 1] = line end
  lines[#lines + 1] = ""
  return lines
end

local prepared = {}

local function prepare(command)
  if not command or prepared[command] then return end
  prepared[command] = true
  local done, said = measure.run(fill_in(command))
  if not done then fail("cannot prepare: %s", said) end
end

-- Runs the sides of a measurement in turn; skips sides with missing packages, and adds these to
-- `missing`.
local function take(name, rounds, versions, missing)
  local measurement = plan.measurements[name]
  local sides = {}
  local function add(side, command, needs)
    for _, need in ipairs(needs or {}) do
      if not versions[need] then
        missing[need] = true
        return
      end
    end
    if command then sides[#sides + 1] = { name = side, command = fill_in(command) } end
  end
  add("ours", measurement.ours, measurement.needs)
  for _, peer in ipairs(measurement.peers or {}) do add(peer.name, peer.command, peer.needs) end
  local avx512 = digits.info().kernels == "x86-64-v4"
  add("machine", avx512 and measurement.machine_avx512 or measurement.machine)
  if measurement.reads then warm_up(measurement.reads) end
  prepare(measurement.prepare)
  local medians, failures = measure.alternate(sides, rounds, function(round)
    io.stderr:write(("bench: %s, round %d of %d\n"):format(name, round, rounds))
  end)
  return { medians = medians, failures = failures }
end

-- Runs each measurement that the selected rows need once. Returns the rows of the table, a list of
-- remarks, the measurements, and whether one of our own commands failed.
local function take_all(works, rounds, versions, broken)
  local found, missing, rows, remarks, failed = {}, {}, {}, {}, false
  local function take_once(name)
    if found[name] then return end
    if plan.measurements[name].after then take_once(plan.measurements[name].after) end
    found[name] = take(name, rounds, versions, missing)
    for side, said in pairs(found[name].failures) do
      remarks[#remarks + 1] = ("%s: %s failed: %s"):format(name, side, said)
      failed = failed or side == "ours" or side == "machine"
    end
  end
  for _, row in ipairs(plan.rows) do
    if works[row.work] then
      take_once(row.measurement)
      rows[#rows + 1] = report.cells(row, found[row.measurement])
    end
  end
  if works.growth then take_once "growth" end
  for need, source in pairs(plan.packages) do
    if missing[need] then
      remarks[#remarks + 1] = broken[need] and
        ("%s cannot be imported: %s"):format(need, broken[need]) or
        ("%s is not available; %s"):format(need, source)
    end
  end
  table.sort(remarks)
  return rows, remarks, found, failed
end

local function main()
  local began = digits.clock()
  local works, rounds, busy = chosen_works(), chosen_rounds(), busy_share()
  local versions, broken = find_peers()
  local rows, remarks, found, failed = take_all(works, rounds, versions, broken)
  local machine = found.cnn and found.cnn.medians.machine or {}
  if busy and busy > 0.1 then
    remarks[#remarks + 1] = "Other processes were using the machine: the figures are doubtful."
  end

  local lines = heading(rounds, versions, busy, machine)
  local function add(more)
    if lines[#lines] ~= "" then lines[#lines + 1] = "" end
    table.move(more, 1, #more, #lines + 1, lines)
  end
  if rows[1] then add(report.table(rows)) end
  if found.growth then add(report.growth(plan.growth, found.growth.medians.ours or {})) end
  if remarks[1] then lines[#lines + 1] = "" end
  for _, remark in ipairs(remarks) do lines[#lines + 1] = remark end
  local text = table.concat(lines, "\n") .. "\n"

  io.write(text)
  io.stderr:write(("bench: %.0f minutes in total\n"):format((digits.clock() - began) / 60))
  local path = build .. "/bench.txt"
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
  return not failed
end

os.exit(main(), true)
