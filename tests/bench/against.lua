-- The plan of `make bench BASE=revision`: our side twice, the second time by the program that an
-- earlier commit builds.

-- Rows differ by what they measure, not by the peer; those of time and memory have the target.
return function(plan, name)
  local against = { works = {}, measurements = {}, rows = {}, packages = {}, growth = plan.growth,
    sgemm = plan.sgemm }
  local seen, works = {}, {}
  for _, row in ipairs(plan.rows) do
    local measured = plan.measurements[row.measurement]
    local key = row.measurement .. " " .. tostring(row.value)
    if measured.ours:find "^%$process %d+ %$digits" and not measured.after and not seen[key] then
      seen[key] = true
      works[row.work] = true
      local figure = row.format:match "%%%.%df (%a+)"
      against.rows[#against.rows + 1] = {
        work = row.work, measurement = row.measurement, label = row.label, value = row.value,
        format = row.format, flop = row.flop, peer = name, no_ratio = not figure,
        ratio_target = figure and 1.03,
      }
      against.measurements[row.measurement] = {
        ours = measured.ours, reads = measured.reads, prepare = measured.prepare,
        products = measured.products, machine = measured.machine, needs = measured.needs,
        peers = { { name = name, command = measured.ours:gsub("%$digits", "$base") } },
      }
    end
  end
  for _, work in ipairs(plan.works) do
    if works[work] then against.works[#against.works + 1] = work end
  end
  return against
end
