package cisco

// ImageParameter names the parameter with the address of the software.
func (maker) ImageParameter() (string, bool) { return "Upgrade_Rule", false }
