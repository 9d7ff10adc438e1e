package sim

import (
	"math/rand/v2"
	"reflect"
)

// Choices are what is inferred: where no source says what a phone does. The zero value is what seems likely; what works with
// phones must work both ways.
type Choices struct {
	TripleMissing  bool // an optional file that is not there is asked for three times (from FileTxTries 3 of a Trio)
	Capitals       bool // the MAC in capitals in names of files, as Poly's browser has it
	Slashes        bool // two slashes after the provisioning address
	ForgetAbsent   bool // Grandstream, Snom: what a file does not say goes back to the factory's value, else it stays
	EachFile       bool // Yealink: of several files only the changed ones are applied, else all when one has changed
	WithoutMissing bool // Poly: goes on without a file of CONFIG_FILES that is not there, else it keeps what it has
	FlashAlways    bool // Poly: device.* is taken without its .set, else only with it
	WholeImage     bool // an image of the version that runs is loaded to its end, else the transfer is cut after its head
	NoRange        bool // a broken download begins anew, else it goes on where it broke
	LoseRefused    bool // a change on the phone whose upload was refused is lost at the next boot, else it stays
	PlainUploads   bool // uploads do not wait for 100 Continue
}

// EveryChoice gives the likely choices and, for each of them, one set in which it alone is made the other way.
func EveryChoice() map[string]Choices {
	all := map[string]Choices{"as likely": {}}
	v := reflect.TypeFor[Choices]()
	for i := range v.NumField() {
		var c Choices
		reflect.ValueOf(&c).Elem().Field(i).SetBool(true)
		all[v.Field(i).Name] = c
	}
	return all
}

// AnyChoices makes each choice by chance.
func AnyChoices(r *rand.Rand) Choices {
	var c Choices
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		v.Field(i).SetBool(r.IntN(2) == 1)
	}
	return c
}
