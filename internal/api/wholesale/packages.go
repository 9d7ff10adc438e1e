package wholesale

import (
	"slices"
	"strings"

	"linecard/internal/catalog"
)

// The packages in the words of the public API: at a customer, at a subscriber, and in the older field for one package.
var (
	customerPackages = []string{"common_area_calling", "webex_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials",
		"webex_calling_standard", "cisco_calling_plan", "attendant_console", "cx_premium_agent", "cx_standard_agent", "cx_voice_ports", "cx_ai_assistant",
		"webex_ai_agent"}
	subscriberPackages = []string{"webex_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials", "webex_calling_standard",
		"attendant_console", "cx_premium_agent", "cx_standard_agent"}
	singlePackages = []string{"webex_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials", "webex_calling_standard"}
	// limited are the packages that may stand in provisioningParameters.packages.limits.
	limited = []string{"webex_calling", "common_area_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials", "webex_calling_standard",
		"attendant_console"}
)

// ours are the codes of the seed by public name (WS-4). Operators give other packages a public name as an alias.
var ours = map[string]string{"common_area_calling": catalog.CommonArea, "webex_voice": catalog.EnhancedCalling, "webex_calling": catalog.CallingPackage,
	"webex_suite": catalog.Suite, "webex_meetings": catalog.MeetingsPackage, "cisco_calling_plan": "calling_plan", "attendant_console": "attendant_console"}

// public gives the name that a code has in this API; "" for one that it has none for, and that is therefore not shown.
func public(i catalog.Item) string {
	for name, code := range ours {
		if code == i.Code {
			return name
		}
	}
	for _, name := range append([]string{i.Code}, i.Aliases...) {
		if slices.Contains(customerPackages, name) {
			return name
		}
	}
	return ""
}

// publicNames translates codes, separated by commas, in the values of a refusal.
func publicNames(codes string) string {
	all := strings.Split(codes, ",")
	for n, c := range all {
		all[n] = strings.TrimSpace(c)
		for name, code := range ours {
			if code == all[n] {
				all[n] = name
			}
		}
	}
	return strings.Join(all, ", ")
}
