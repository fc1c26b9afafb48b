-- Instruction counts: reads Callgrind's profiles, and compares what was counted with the table.
local counts = {}

-- Counts may differ from the table's by this factor, up or down.
counts.tolerance = 1.05

-- The instructions that each object file (the program, a shared library) executed, by its path,
-- from the lines of a profile; see "Callgrind Format Specification" in Valgrind's manual. An object
-- has its path where it is first named, and later only a number. Raises an error unless their sum
-- is the profile's own total.
function counts.by_object(lines)
  local paths, found, object, calls, sum, total = {}, {}, nil, false, 0, nil
  for line in lines do
    local kind, id, path = line:match "^(c?ob)=(%(%d+%)) ?(.*)$"
    local cost = line:match "^[%d+*-][%d+*-]* (%d+)$"
    if kind then
      if path ~= "" then paths[id] = path end
      if kind == "ob" then object = paths[id] end
    elseif cost and not calls then
      found[object] = (found[object] or 0) + math.tointeger(cost)
      sum = sum + math.tointeger(cost)
    end
    calls = line:find "^calls=" ~= nil -- the line after it repeats what the called function costs
    total = total or math.tointeger(line:match "^summary: (%d+)$")
  end
  if sum ~= total then
    error(("the profile's total is %s instructions, but its lines have %d"):format(total, sum), 0)
  end
  return found
end

-- What the counts depend on, besides our sources: the compiler, as measure.compiler describes it,
-- and Lua.
function counts.key(compiler, lua)
  return ("%s, %s, %s"):format(compiler.version, compiler.target, lua)
end

local function grouped(count)
  return (("%d"):format(count):reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", ""))
end

-- Nil if the count of this work is within the tolerance; otherwise what is wrong, and what to do.
function counts.complaint(name, found, expected)
  if not expected then
    return ("%s: not in tests/counts/table.lua: run `make counts` and commit it"):format(name)
  end
  local ratio = found / expected
  local told = ("%s: %s instructions, %.3f times the %s of tests/counts/table.lua"):format(name,
    grouped(found), ratio, grouped(expected))
  if ratio > counts.tolerance then
    return told .. (" (at most %.2f): find out what became slower; if it is worth it, run " ..
      "`make counts` and commit the table"):format(counts.tolerance)
  elseif ratio < 1 / counts.tolerance then
    return told .. ": run `make counts` and commit the table, so that the gain stays"
  end
end

local function sorted_keys(values)
  local keys = {}
  for key in pairs(values) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- The text of tests/counts/table.lua: key -> name -> count.
function counts.table_text(all)
  local lines = {
    "-- Written by `make counts`: instructions of our program for each work of work.lua.",
    "return {",
  }
  for _, key in ipairs(sorted_keys(all)) do
    lines[#lines + 1] = ("  [%q] = {"):format(key)
    for _, name in ipairs(sorted_keys(all[key])) do
      lines[#lines + 1] = ("    %s = %d,"):format(name, all[key][name])
    end
    lines[#lines + 1] = "  },"
  end
  lines[#lines + 1] = "}\n"
  return table.concat(lines, "\n")
end

return counts
