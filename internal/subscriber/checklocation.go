package subscriber

// CheckLocation tells what is wrong with a location that is to be made, by the same rules as CreateLocation; nil when nothing is. It
// asks no database: whether its name is free is another question.
func CheckLocation(p LocationPatch) error {
	if p.Name == nil {
		p.Name = new(string)
	}
	if p.Address == nil {
		p.Address = &Address{}
	}
	var l Location
	_, err := p.apply(&l)
	return err
}
