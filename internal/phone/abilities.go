package phone

import "io"

// Learner is an ability of makers whose phones or software say which parameters they know: an XSD, an exported
// configuration. A broken file is Invalid, names the line and the fault, and nothing is learned from it.
type Learner interface {
	Learn(file string, r io.Reader) (Dictionary, error)
}

// Reader is an ability of makers whose configuration files can be read back (DM-147, DM-148): what people bring, and what
// phones upload. Settings come out in the order of the file, and a name may stand there twice: see Latest. A broken file is
// Invalid and names the line; nothing is half read.
type Reader interface {
	ReadSettings(file string, r io.Reader) ([]Setting, error)
}

// Library is an ability of makers that come with profiles and with dictionaries, both in our own words (DM-140).
type Library interface {
	Standards() []Standard
	Dictionaries() []Dictionary
}

// Uploader is an ability of makers whose phones send files.
type Uploader interface {
	// Upload says what a phone puts at this path, which is spelt as Identity.Name; false for what it may not put there.
	Upload(path string) (FileKind, bool)
}

// Pointer is an ability of makers whose files name the address of the software in a parameter: a profile that sets it decides, and
// what is selected has no effect (DM-181). Relative says that the address may be given below the provisioning address.
type Pointer interface {
	ImageParameter() (name string, relative bool)
}

// ImageParameter is the parameter that names the address of the software in files of this maker, and whether that may be relative; ""
// when there is none.
func ImageParameter(r Renderer) (name string, relative bool) {
	if p, ok := r.(Pointer); ok {
		return p.ImageParameter()
	}
	return "", false
}
