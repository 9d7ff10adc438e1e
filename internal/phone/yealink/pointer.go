package yealink

// ImageParameter names the parameter with the address of the software.
func (maker) ImageParameter() (string, bool) { return "static.firmware.url", false }
