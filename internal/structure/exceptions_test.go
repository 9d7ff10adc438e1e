package structure

// Every exception names a file and the reason. One that is not needed any more fails its test, so the lists stay true.

// longFiles may have more than 500 lines. More than 800 is never allowed.
var longFiles = map[string]string{
	"internal/queue/cluster_test.go":   "one cluster of nodes and everything that can happen to it; the parts share their machinery",
	"internal/app/secrets_test.go":     "one story: a secret is planted at every place that takes one, then every place that keeps anything is searched",
	"internal/subscriber/line.go":      "a line from its first credentials to its last: one state, told in the order in which it moves",
	"internal/deliver/webhook_test.go": "endpoints that hang, fail, come back and go away for good, all against the same world",
	"internal/journal/journal_test.go": "what is written, read and filtered, in the order of the requirements",
}

// goroutines are files outside `queue` that start goroutines.
var goroutines = map[string]string{
	"internal/app/app.go":      "the listeners and the queue, each started once and awaited in Run",
	"internal/app/demo.go":     "the server and the simulated phones of the demo, awaited together",
	"internal/sim/fleet.go":    "many simulated phones at once; each ends with its boot or with the context of the run",
	"internal/sim/herd.go":     "a herd, bounded; each phone ends with its boot or with the context of the run",
	"internal/sim/replay.go":   "a few connections that repeat a log, awaited by its end",
	"internal/sim/compare.go":  "a few phones at a time, awaited before they are told of",
	"internal/httpx/health.go": "readiness checks run side by side, each with an end, none a second time while it runs",
}

// clocks are files that read the computer's clock instead of the injected one.
var clocks = map[string]string{
	"internal/queue/node.go":  "how long a beat takes and another node is silent: real time of this computer, whatever the clocks of others say",
	"internal/queue/work.go":  "how long a job really took, for the metrics",
	"internal/db/db.go":       "the system clock itself, which everybody else is given",
	"internal/db/epoch.go":    "how often the file is looked at, in real time",
	"internal/db/postgres.go": "a second of real time is one epoch",
	"internal/db/sqlite.go":   "how long a group of commits has been gathering, in microseconds of real time",
	"internal/httpx/clock.go": "the system clock itself, and socket deadlines, which the kernel counts in its own time",
}

// sleepers are files outside `queue` that sleep.
var sleepers = map[string]string{}

// computedCodes are files that pass on an error code that is no literal there.
var computedCodes = map[string]string{
	"internal/api/wholesale/decode.go":     "a sentinel above, put at the field that it is about",
	"internal/api/wholesale/precheck.go":   "findings of the rooms below, passed on as field faults",
	"internal/onboard/run.go":              "the fault of a step, kept with the customer and passed on",
	"internal/onboard/template.go":         "a sentinel above, put at the field that it is about",
	"internal/onboard/rules.go":            "findings of a precheck that apply passes on",
	"internal/subscriber/checklocation.go": "sentinels of the room, put at the field that they are about",
	"internal/tenant/offer.go":             "sentinels above, put at the field that they are about",
	"internal/portal/devices/importing.go": "faults that an operation kept, shown again",
	"internal/portal/sites/importing.go":   "faults that an operation kept, shown again",
	"internal/portal/home/lists.go":        "faults that an operation kept, shown again",
	"internal/portal/parts/told.go":        "faults of rooms and operations, said in the language of the page",
	"internal/portal/users/file.go":        "faults that an operation kept, shown again",
	"internal/portal/users/add.go":         "findings of a check, put at the field that they are about",
	"internal/portal/wholesale/create.go":  "findings of a precheck, put at the field that they are about",
	"internal/portal/plans/plans.go":       "a fault that a plan kept, shown again",
}

// foreignTables are files that write a table of another room, by "file table".
var foreignTables = map[string]string{
	"internal/registrar/kamailio.go subscriber": "Kamailio's own database, which is not Linecard's",
	"internal/registrar/kamailio.go uri":        "Kamailio's own database, which is not Linecard's",
}
