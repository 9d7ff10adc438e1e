package yealink

import (
	"slices"
	"strings"

	"linecard/internal/phone"
)

// catalogue are the models of the common file and of User-Agents. Accounts and keys are from the fact sheet, wazo_yealink v83 to v87
// and the ranges in the open T5x template [S]; 0 where they name none.
var catalogue = makeCatalogue()

// sets lists models by family: name, accounts, keys, modules, keys of a module.
var sets = []struct{ family, models string }{
	{"T1", "T18/0/0/0/0 T19P_E2/1/0/0/0"},
	{"T2", "T20P/0/0/0/0 T21P_E2/2/2/0/0 T22P/0/0/0/0 T23G/3/3/0/0 T23P/3/3/0/0 T26P/0/0/0/0 T27G/6/21/6/40 T27P/6/21/6/40 T28P/0/0/0/0 T29G/16/27/6/40"},
	{"T3", "T30/1/0/0/0 T30P/1/0/0/0 T31/2/2/0/0 T31G/2/2/0/0 T31P/2/2/0/0 T31W/0/0/0/0 T32G/0/0/0/0 T33G/4/12/0/0 T33P/4/12/0/0 T34W/0/0/0/0 T38G/0/0/0/0"},
	{"T4", "T40G/3/3/0/0 T40P/3/3/0/0 T41P/6/15/0/0 T41S/6/15/0/0 T41U/6/15/0/0 T42G/12/15/0/0 T42S/12/15/0/0 T42U/12/15/0/0 T43U/0/0/0/0 T44U/0/0/0/0 T44W/0/0/0/0 " +
		"T46G/16/27/6/40 T46S/16/27/6/40 T46U/16/27/0/0 T48G/16/29/6/40 T48S/16/29/6/40 T48U/16/29/0/0 VP-T49G/0/0/0/0"},
	{"T5", "T52S/12/21/3/60 T53/12/21/3/60 T53W/12/21/3/60 T54S/16/27/3/60 T54W/16/27/3/60 T56A/0/0/0/0 T57W/16/29/3/60 T58A/16/27/3/60 T58V/16/27/3/60 T58W/0/0/0/0 VP59/0/0/0/0"},
	{"T7", "T73U/0/0/0/0 T73W/0/0/0/0 T74U/0/0/0/0 T74W/0/0/0/0 T77U/0/0/0/0"},
	{"T8", "T85W/0/0/0/0 T87W/0/0/0/0 T88V/0/0/0/0 T88W/0/0/0/0"},
	{"CP", "CP860/0/0/0/0 CP920/1/0/0/0 CP925/0/0/0/0 CP960/1/0/0/0 CP965/0/0/0/0"},
	{"W", "W52P/0/0/0/0 W53P/0/0/0/0 W56P/0/0/0/0 W60B/8/0/0/0 W70B/0/0/0/0 W75B/0/0/0/0 W80B/0/0/0/0 W80DM/0/0/0/0 W90B/0/0/0/0 W90DM/250/0/0/0 AX83H/0/0/0/0 AX86R/0/0/0/0"},
	{"VP", "VP530/0/0/0/0 VP530P/0/0/0/0"},
}

func makeCatalogue() []phone.Model {
	var all []phone.Model
	for _, set := range sets {
		for _, entry := range strings.Fields(set.models) {
			part := strings.Split(entry, "/")
			all = append(all, phone.Model{Name: part[0], Family: set.family, Lines: number(part[1]), Keys: number(part[2]), Modules: number(part[3]), ModuleKeys: number(part[4]),
				Identifier: "mac", Abilities: []phone.Ability{{Name: phone.CheckSync}, {Name: phone.LicenceFree}}})
		}
	}
	slices.SortFunc(all, func(a, b phone.Model) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func number(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
