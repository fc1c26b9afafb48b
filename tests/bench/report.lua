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
local function judge(row, ours, ratio)
  if not ours or not (row.target or row.ratio_target) then return "" end
  if row.ratio_target and not ratio then return "no peer" end
  local met
  if row.target then met = ours <= row.target else met = ratio <= row.ratio_target end
  return met and "met" or "missed"
end

-- One row of plan.lua with what its measurement found (.medians and .failures by side), as texts.
function report.cells(row, found)
  local medians, failures = found.medians, found.failures
  local machine = medians.machine or {}
  local ours = evaluate(row, medians.ours or {}, machine)
  local peer = evaluate(row, medians.peer or {}, machine)
  local ratio = ours and peer and not row.no_ratio and ours / peer or nil
  local function show(value, side)
    return value and row.format:format(value) or failures[side] and "failed" or "-"
  end
  local ratio_format = ratio and ratio < 0.1 and "%.2g" or "%.2f"
  local target = ""
  if row.ratio_target then target = ("<= %.2f"):format(row.ratio_target) end
  if row.target then target = "<= " .. row.format:gsub("%%%.%df", "%%g"):format(row.target) end
  return {
    row.label, show(ours, "ours"), show(peer, "peer"), row.peer or "PyTorch",
    ratio and ratio_format:format(ratio) or "", target, judge(row, ours, ratio),
  }
end

-- The lines of the whole: rows are lists of texts as report.cells makes them.
function report.table(rows)
  local widths = {}
  for column, title in ipairs(head) do widths[column] = #title end
  for _, row in ipairs(rows) do
    for column, text in ipairs(row) do widths[column] = math.max(widths[column], #text) end
  end
  local function line(row)
    local parts = {}
    for column, text in ipairs(row) do
      local sign = to_the_left[column] and "-" or ""
      parts[column] = ("%" .. sign .. widths[column] .. "s"):format(text)
    end
    return (table.concat(parts, "  "):gsub(" +$", ""))
  end
  local lines = { line(head) }
  lines[2] = ("-"):rep(#line(head))
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(row)
    lines[2] = ("-"):rep(math.max(#lines[2], #lines[#lines]))
  end
  return lines
end

return report
