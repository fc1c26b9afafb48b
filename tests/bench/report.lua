-- What `make bench` prints.
local plot = require("digits").plot
local measure = dofile "tests/bench/measure.lua"
local report = {}

local head = { "", "ours", "last run", "peer", "", "ours/peer", "of sgemm", "target", "" }
local to_the_left = { true, false, false, false, true, false, false, true, true }

local function evaluate(row, got, machine)
  if not got or not next(got) then return nil end
  if type(row.value) == "string" then return got[row.value] end
  return row.value(got, machine)
end

-- "met", "missed", or "no peer" where that leaves it open; nil for a row without a target
local function judge(row, ours, peer)
  if not ours or not (row.target or row.ratio_target or row.behind) then return nil end
  if not row.target and not peer then return "no peer" end
  local met
  if row.target then
    met = ours <= row.target
  elseif row.behind then
    met = ours >= peer - row.behind
  else
    met = ours / peer <= row.ratio_target
  end
  return met and "met" or "missed"
end

-- The side that a row compares ours with.
local function peer_of(row, medians)
  local peer = row.peer or row.peers and row.peers[1] or "PyTorch"
  for _, side in ipairs(row.peers or {}) do
    local figure = medians[side] and medians[side][row.quickest]
    local least = medians[peer] and medians[peer][row.quickest]
    if figure and (not least or figure < least) then peer = side end
  end
  return peer
end

-- The name of a peer with its version: "PyTorch 2.15, channels-last".
function report.title(peer, versions)
  local package = peer.needs and peer.needs[1] or peer.name
  local version = versions[package] and versions[package]:match "^%d+%.%d+"
  local title = version and package .. " " .. version or package
  return peer.mode and title .. ", " .. peer.mode or title
end

-- What one row of plan.lua says of what its measurement found: .medians and .failures by side,
-- .titles of the peers by side, .last: the last run on this machine (record.last). Fields that are
-- not known are nil.
function report.row(row, found)
  local medians = found.medians
  local machine, got = medians.machine or {}, medians.ours or {}
  local last = found.last and found.last.medians or {}
  local side = peer_of(row, medians)
  local ours, peer = evaluate(row, got, machine), evaluate(row, medians[side], machine)
  local speed = measure.sgemm(machine)
  return {
    work = row.work, label = row.label, unit = row.format:match "%%%.%df (%a+)" or "1",
    ours = ours, last = evaluate(row, last.ours, last.machine or {}), peer = peer, side = side,
    peer_name = found.titles and found.titles[side] or side,
    ratio = ours and peer and not (row.no_ratio or row.behind) and ours / peer or nil,
    sgemm_share = row.flop and got.seconds and speed and
      row.flop / got.seconds / (1e9 * speed) or nil,
    verdict = judge(row, ours, peer),
  }
end

-- The same as texts, in the columns of the table.
function report.cells(row, found)
  local got = report.row(row, found)
  local function show(value, side)
    return value and row.format:format(value) or found.failures[side] and "failed" or "-"
  end
  local ratio_format = got.ratio and got.ratio < 0.1 and "%.2g" or "%.3f"
  local target = ""
  if row.ratio_target then target = ("<= %.3g"):format(row.ratio_target) end
  if row.behind then target = (">= peer - %g"):format(row.behind) end
  if row.target then target = "<= " .. row.format:gsub("%%%.%df", "%%g"):format(row.target) end
  return {
    row.label, show(got.ours, "ours"), got.last and show(got.last) or "", show(got.peer, got.side),
    got.peer_name, got.ratio and ratio_format:format(got.ratio) or "",
    got.sgemm_share and ("%.0f %%"):format(100 * got.sgemm_share) or "", target, got.verdict or "",
  }
end

-- The lines of a table: `titles` and each row are lists of texts; `left` says which columns start
-- at the left. A column in which every row is empty is left out.
local function lay_out(titles, left, rows)
  local widths = {}
  for column in ipairs(titles) do
    for _, row in ipairs(rows) do
      widths[column] = math.max(widths[column] or 0, #row[column])
    end
    if widths[column] > 0 then widths[column] = math.max(widths[column], #titles[column]) end
  end
  local function line(row)
    local parts = {}
    for column, text in ipairs(row) do
      local sign = left[column] and "-" or ""
      if widths[column] > 0 then
        parts[#parts + 1] = ("%" .. sign .. widths[column] .. "s"):format(text)
      end
    end
    return (table.concat(parts, "  "):gsub(" +$", ""))
  end
  local lines = { line(titles) }
  lines[2] = ("-"):rep(#line(titles))
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(row)
    lines[2] = ("-"):rep(math.max(#lines[2], #lines[#lines]))
  end
  return lines
end

-- The lines of the whole: rows are lists of texts as report.cells makes them.
function report.table(rows)
  return lay_out(head, to_the_left, rows)
end

-- What growth.lua printed of a learner's fit.
local function grown(got, name, rows, count, threads)
  return got[("%s_%d_%d_%d"):format(name, rows, count, threads)]
end

local function with_threads(threads)
  return ("%d thread%s"):format(threads, threads == 1 and "" or "s")
end

-- How fits of a kind of learners grow: `kind` as plan.growth has it, `got` what growth.lua printed.
function report.growth(kind, got)
  local titles, rows = { "our fits: seconds", "rows" }, {}
  local function each_count(add)
    for _, count in ipairs(kind.counts) do add(count, kind.column:format(count)) end
  end
  each_count(function(_, title) titles[#titles + 1] = title end)
  each_count(function(_, title) titles[#titles + 1] = "CPU, " .. title end)
  for _, learner in ipairs(kind.learners) do
    for _, threads in ipairs(kind.threads) do
      for _, size in ipairs(kind.rows) do
        local row = {
          kind.labels[learner] .. ", " .. with_threads(threads), ("%d"):format(size),
        }
        for _, prefix in ipairs { "", "cpu_" } do
          each_count(function(count)
            local value = grown(got, prefix .. learner, size, count, threads)
            row[#row + 1] = value and ("%.2f"):format(value) or "-"
          end)
        end
        rows[#rows + 1] = row
      end
    end
  end
  return lay_out(titles, { true }, rows)
end

-- How many times as fast fits are on the most threads as on one; `got` as report.growth has it.
function report.speedup(kind, got)
  local most = kind.threads[#kind.threads]
  local titles, rows = { with_threads(most) .. " against 1", "rows" }, {}
  for _, count in ipairs(kind.counts) do titles[#titles + 1] = kind.column:format(count) end
  for _, learner in ipairs(kind.learners) do
    for _, size in ipairs(kind.rows) do
      local row = { kind.labels[learner], ("%d"):format(size) }
      for _, count in ipairs(kind.counts) do
        local one = grown(got, learner, size, count, 1)
        local all = grown(got, learner, size, count, most)
        row[#row + 1] = one and all and ("%.2f"):format(one / all) or "-"
      end
      rows[#rows + 1] = row
    end
  end
  return lay_out(titles, { true }, rows)
end

-- The same as a picture: a panel for each learner, seconds over rows.
function report.growth_plot(kinds, got)
  local panels = { columns = 2 }
  for _, kind in ipairs(kinds) do
    for _, learner in ipairs(kind.learners) do
      local panel = {
        title = kind.labels[learner], xlabel = "rows", ylabel = "seconds of fit", logy = true,
      }
      for _, count in ipairs(kind.counts) do
        for _, threads in ipairs(kind.threads) do
          local line = {
            x = {}, y = {}, label = kind.column:format(count) .. ", " .. with_threads(threads),
          }
          for _, size in ipairs(kind.rows) do
            line.x[#line.x + 1] = size
            line.y[#line.y + 1] = grown(got, learner, size, count, threads) or 0 / 0
          end
          panel[#panel + 1] = line
        end
      end
      panels[#panels + 1] = plot.line(panel)
    end
  end
  return plot.grid(panels)
end

-- The commit of a program as record.lua has it, after a comma.
local function commit(program)
  return program.revision and (", commit %s%s"):format(program.revision,
    program.changed and " with changes" or "") or ""
end

-- How much of a machine others used, after a comma; `busy` as record.lua has it.
local function used(busy)
  return busy and (", %.0f %% in use by others"):format(100 * busy) or ""
end

-- Says which runs the column "last run" is from.
function report.last_runs(found)
  local names, lines = {}, {} -- names of measurements by run
  for name, got in pairs(found) do
    if got.last then
      local run = got.last.time .. commit(got.last.program) .. used(got.last.busy)
      names[run] = names[run] or {}
      table.insert(names[run], name)
    end
  end
  for run, list in pairs(names) do
    table.sort(list)
    lines[#lines + 1] = ("last run  %s: %s"):format(run, table.concat(list, ", "))
  end
  table.sort(lines)
  return lines
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

-- The lines above the table, from a record (see record.lua). `gflops`: the speed of sgemm by the
-- core whose kernels OpenBLAS took.
function report.heading(run, gflops)
  local program, machine = run.program, run.machine
  local speeds = {}
  for core, speed in pairs(gflops) do
    speeds[#speeds + 1] = ("%.0f GFLOP/s (%s)"):format(speed, core)
  end
  table.sort(speeds)
  local lines = {
    ("digits-lua %s%s, on 2 threads, %s"):format(program.version, commit(program),
      run.rounds == 1 and "a single run of each" or
      ("medians of %d alternating runs"):format(run.rounds)),
    "compiler  " .. program.compiler,
    ("machine   %s, %d core%s%s"):format(machine.processor, machine.processors,
      machine.processors == 1 and "" or "s", used(machine.busy)),
    ("          kernels %s, OpenBLAS %s %s%s"):format(machine.kernels, machine.openblas or "",
      machine.openblas_core, speeds[1] and ", sgemm " .. table.concat(speeds, ", ") or ""),
  }
  local peers = run.base and { "peer      digits-lua of commit " .. run.base } or
    peer_lines(run.peers)
  for _, line in ipairs(peers) do lines[#lines + 1] = line end
  lines[#lines + 1] = ""
  return lines
end

return report
