package cisco

import "linecard/internal/phone"

// models are those of User-Agents, guides and open templates. The XML reference gives extensions 1 to 10 for line keys of the 8800
// series and 1 to 16 in general [S]; other numbers are in no source and stay 0. An adapter calls itself by its serial number.
var models = []phone.Model{
	{Name: "ATA191", Family: "ATA", Lines: 2, Identifier: "serial", Abilities: common}, // two ports [S open template spa191]
	{Name: "ATA192", Family: "ATA", Lines: 2, Identifier: "serial", Abilities: common},
	mpp("CP-6821-3PCC", "6800", 0, 0), mpp("CP-6841-3PCC", "6800", 0, 0), mpp("CP-6851-3PCC", "6800", 0, 0), mpp("CP-6861-3PCC", "6800", 0, 0), mpp("CP-6871-3PCC", "6800", 0, 0),
	mpp("CP-7811-3PCC", "7800", 0, 0), mpp("CP-7821-3PCC", "7800", 0, 0), mpp("CP-7832-3PCC", "7800", 0, 0), mpp("CP-7841-3PCC", "7800", 0, 0), mpp("CP-7861-3PCC", "7800", 0, 0),
	mpp("CP-8811-3PCC", "8800", 10, 10), mpp("CP-8832-3PCC", "8800", 0, 0), mpp("CP-8841-3PCC", "8800", 10, 10), mpp("CP-8845-3PCC", "8800", 10, 10),
	modules(mpp("CP-8851-3PCC", "8800", 10, 10), 2), modules(mpp("CP-8861-3PCC", "8800", 10, 10), 3), modules(mpp("CP-8865-3PCC", "8800", 10, 10), 3),
	{Name: "SPA508G", Family: "SPA", Identifier: "serial", Abilities: common}, {Name: "SPA525G", Family: "SPA", Identifier: "serial", Abilities: common},
}

// common: check-sync is how wazo and FusionPBX ask [S]; there is no licence on the phone itself [S guides].
var common = []phone.Ability{{Name: phone.CheckSync}, {Name: phone.LicenceFree}}

func mpp(name, family string, lines, keys int) phone.Model {
	return phone.Model{Name: name, Family: family, Lines: lines, Keys: keys, Identifier: "mac", Abilities: common}
}

// modules adds key expansion modules of 36 keys; those with two screens have 28 [S 8800 guide].
func modules(m phone.Model, n int) phone.Model {
	m.Modules, m.ModuleKeys = n, 36
	return m
}
