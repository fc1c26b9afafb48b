-- The table of `make bench`.
local report = {}

local head = { "", "ours", "peer", "", "ours/peer", "target", "" }
local to_the_left = { true, false, false, true, false, true, true }

local function evaluate(row, got, machine)
  if not next(got) then return nil end
  if type(row.value) == "string" then return got[row.value] end
  return row.value(got, machine)
end

-- "met", "missed", or "no peer" where that leaves it open
local function judge(row, ours, peer)
  if not ours or not (row.target or row.ratio_target or row.behind) then return "" end
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

-- One row of plan.lua with what its measurement found (.medians and .failures by side), as texts.
function report.cells(row, found)
  local medians, failures = found.medians, found.failures
  local machine = medians.machine or {}
  local ours = evaluate(row, medians.ours or {}, machine)
  local side = peer_of(row, medians)
  local peer = evaluate(row, medians[side] or {}, machine)
  local ratio = ours and peer and not (row.no_ratio or row.behind) and ours / peer or nil
  local function show(value, whose)
    return value and row.format:format(value) or failures[whose] and "failed" or "-"
  end
  local ratio_format = ratio and ratio < 0.1 and "%.2g" or "%.3f"
  local target = ""
  if row.ratio_target then target = ("<= %.3g"):format(row.ratio_target) end
  if row.behind then target = (">= peer - %g"):format(row.behind) end
  if row.target then target = "<= " .. row.format:gsub("%%%.%df", "%%g"):format(row.target) end
  return {
    row.label, show(ours, "ours"), show(peer, side), side,
    ratio and ratio_format:format(ratio) or "", target, judge(row, ours, peer),
  }
end

-- The lines of a table: `titles` and each row are lists of texts; `left` says which columns start
-- at the left.
local function lay_out(titles, left, rows)
  local widths = {}
  for column, title in ipairs(titles) do widths[column] = math.max(1, #title) end
  for _, row in ipairs(rows) do
    for column, text in ipairs(row) do widths[column] = math.max(widths[column], #text) end
  end
  local function line(row)
    local parts = {}
    for column, text in ipairs(row) do
      local sign = left[column] and "-" or ""
      parts[column] = ("%" .. sign .. widths[column] .. "s"):format(text)
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

-- How fits grow: `growth` as plan.lua has it, `got` what growth.lua printed.
function report.growth(growth, got)
  local titles, rows = { "our fits: seconds", "rows" }, {}
  for _, trees in ipairs(growth.trees) do titles[#titles + 1] = trees .. " trees" end
  for _, trees in ipairs(growth.trees) do titles[#titles + 1] = "CPU, " .. trees end
  for _, learner in ipairs(growth.learners) do
    for _, threads in ipairs(growth.threads) do
      for _, count in ipairs(growth.rows) do
        local row = { ("%s, %d thread%s"):format(growth.labels[learner], threads,
          threads == 1 and "" or "s"), ("%d"):format(count) }
        for _, kind in ipairs { "", "cpu_" } do
          for _, trees in ipairs(growth.trees) do
            local value = got[("%s%s_%d_%d_%d"):format(kind, learner, count, trees, threads)]
            row[#row + 1] = value and ("%.2f"):format(value) or "-"
          end
        end
        rows[#rows + 1] = row
      end
    end
  end
  return lay_out(titles, { true }, rows)
end

return report
