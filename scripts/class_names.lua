-- The class names of a dataset by label; an empty table if it has none.
return function(set)
  local names = {}
  for k, name in ipairs(set.class_names or {}) do names[set.classes[k]] = name end
  return names
end
