package device

// ImportedProfiles keeps the attributes of device files.
type ImportedProfiles interface{}
