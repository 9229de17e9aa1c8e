# The rooms of src/ and their numbers: the one place where they are written down. An include points to a lower number, or
# to an equal one that USES lists; add_room() and tools/check_rooms both read this list. A room is here before it has
# files; its folder appears with its first real content.
set(TIDEWAY_ROOMS
  base:0
  model:1
  flow:2
  mysql:2
  binlog:2
  sql:2
  storage:2
  snapshot:3
  stream:3
  relay:3
  dumpfile:3
  progress:3
  apply:3
  physical:3
  route:3
  shard:3
  verify:3
  assess:3
  recipe:4
  operate:5
  cluster:5
  console:5
  app:6
)
