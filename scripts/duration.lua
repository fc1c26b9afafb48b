-- Seconds as people read them: "0.03 s", "3.1 s", "4:05", "1:02:30"; "?" for NaN and infinity.
return function(seconds)
  if seconds ~= seconds or seconds >= 1e15 then return "?" end
  if seconds > 0 and seconds < 0.95 then return ("%.2f s"):format(seconds) end
  if seconds < 99.5 then return ("%.1f s"):format(seconds) end
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then return ("%d:%02d"):format(whole // 60, whole % 60) end
  return ("%d:%02d:%02d"):format(whole // 3600, whole // 60 % 60, whole % 60)
end
