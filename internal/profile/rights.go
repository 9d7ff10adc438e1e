package profile

import "linecard/internal/errs"

// What may be done with a profile depends on its type (table 11.1). A profile of a tenant above is the provider's: it can be used and
// copied, nothing else.
var (
	errPlatform = errs.New(errs.Conflict, "platform_profile", "A profile of the platform can be assigned and copied, but not changed, deleted or exported.")
	errSoftware = errs.New(errs.Conflict, "software_profile", "A profile of a software image can be assigned, but not changed, deleted, copied or exported.")
	errImported = errs.New(errs.Conflict, "imported_profile", "A profile of an import of devices belongs to its device: it can be changed and deleted, but not copied, exported or assigned elsewhere.")
	errProvider = errs.New(errs.Conflict, "provider_profile", "This profile belongs to your provider: it can be assigned and copied, but not changed, deleted, exported or revealed.")
	errTemplate = errs.New(errs.Conflict, "template_profile", "Copy the template first, complete the copy and assign that.")
)

// changeable says why the tenant may not change or delete the profile; nil when it may. The operator may change what it has made
// for the platform itself, but not what comes with the program.
func (p Profile) changeable(tenantID string) error {
	own := p.TenantID == tenantID
	switch {
	case p.Type == Software:
		return errSoftware
	case p.Type == Platform && (!own || p.Builtin):
		return errPlatform
	case !own:
		return errProvider
	}
	return nil
}

// copyable says why the profile cannot be copied; nil when it can.
func (p Profile) copyable() error {
	switch p.Type {
	case Software:
		return errSoftware
	case Imported:
		return errImported
	}
	return nil
}

// exportable says why the tenant may not export the profile; nil when it may.
func (p Profile) exportable(tenantID string) error {
	switch {
	case p.Type == Software:
		return errSoftware
	case p.Type == Imported:
		return errImported
	case p.Type == Platform:
		return errPlatform
	case p.TenantID != tenantID:
		return errProvider
	}
	return nil
}

// assignable says why the profile cannot stand in the container; nil when it can.
func (p Profile) assignable(k ContainerKey) error {
	switch {
	case p.Template():
		return errTemplate
	case p.Type == Imported && (k.Kind != OfOneDevice || k.Key != p.DeviceID || k.TenantID != p.TenantID):
		return errImported
	}
	return nil
}
