package profile

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// makersOf gives the makers whose phones take profiles of a mode.
func (s *Service) makersOf(mode string) []phone.Renderer {
	var out []phone.Renderer
	for _, m := range s.makers {
		if Fits(mode, m.Maker()) {
			out = append(out, m)
		}
	}
	return out
}

// ModesHere lists the modes for which this program has makers.
func (s *Service) ModesHere() []string {
	return slices.DeleteFunc(slices.Clone(Modes), func(m string) bool { return len(s.makersOf(m)) == 0 })
}

// secret says whether a setting must be sealed and masked, by the word of any maker of the mode (decision 16).
func (s *Service) secret(mode string, set phone.Setting) bool {
	return slices.ContainsFunc(s.makersOf(mode), func(m phone.Renderer) bool { return phone.Hidden(m, set) })
}

// adminRule and factoryRule: no phone gets its factory password back, whoever writes it (DM-114). Makers refuse more than that.
var (
	adminRule   = regexp.MustCompile(`(?i)(admin.*passw|passw.*admin|user_password$|^P2$)`)
	factoryRule = regexp.MustCompile(`(^|:)456$`)
)

// Prepare makes a patch ready for p.With: names as the dictionaries spell them, secrets marked, and everything refused that a maker
// cannot write (DM-114), that is no file or image of the tenant, or that a dictionary does not allow. All faults come at once. The
// findings are about what was set and may be shown. It decides nothing: callers have asked for p as somebody who may see it.
func (s *Service) Prepare(ctx context.Context, q db.Q, p Profile, c Patch) (Patch, []Finding, error) {
	var faults errs.Checker
	image := p.ImageID
	if c.ImageID != nil && *c.ImageID != p.ImageID {
		image = *c.ImageID
		var err error
		if c.ImageLabel, err = s.imageLabel(ctx, q, &faults, p.Mode, image); err != nil {
			return c, nil, err
		}
	}
	schema, err := s.Schema(ctx, q, p.Scope, p.Mode, image)
	if err != nil {
		return c, nil, err
	}
	c.Set, c.Drop = slices.Clone(c.Set), slices.Clone(c.Drop)
	for i, name := range c.Drop {
		if _, ok := p.Get(name); !ok {
			c.Drop[i] = schema.Canonical(name)
		}
	}
	findings, err := s.settle(ctx, q, &faults, schema, p, &c)
	if err != nil {
		return c, nil, err
	}
	return c, findings, faults.Err()
}

// settle works on the attributes that a patch sets.
func (s *Service) settle(ctx context.Context, q db.Q, faults *errs.Checker, schema Schema, p Profile, c *Patch) ([]Finding, error) {
	spelt := map[string][]string{} // what p has, by lower case: an older dictionary may have spelt it differently
	for _, a := range p.Attributes {
		spelt[strings.ToLower(a.Name)] = append(spelt[strings.ToLower(a.Name)], a.Name)
	}
	found := map[string]Finding{}
	for i := range c.Set {
		a := &c.Set[i]
		was := Attribute{}
		if known, ok := schema.Find(a.Name); ok {
			a.Name = known.Name
			for _, other := range spelt[strings.ToLower(a.Name)] {
				if other != a.Name {
					c.Drop = append(c.Drop, other)
					if was, _ = p.Get(other); a.Value == Mask {
						a.Value = was.Value
					}
				}
			}
		}
		a.Secret = a.File == "" && (was.Secret || s.secret(p.Mode, phone.Setting{Name: a.Name, Value: a.Value}))
		if a.Value == Mask {
			delete(found, a.Name)
			continue // With keeps what there is
		}
		if fault := s.refused(p.Mode, *a); fault.Code != "" {
			faults.Add(fault)
		}
		if was, ok := p.Get(a.Name); a.File != "" && (!ok || was.File != a.File) {
			if err := s.hasFile(ctx, q, faults, p, *a); err != nil {
				return nil, err
			}
		}
		f := schema.Validate(*a)
		if f.Code == "" {
			delete(found, a.Name)
			continue
		}
		found[a.Name] = f
		if was, ok := p.Get(a.Name); !f.Remark && !c.Lenient && !(ok && was.Value == a.Value) {
			var fault errs.Field
			fault.Name, fault.Code, fault.Message = "attributes."+f.Name, f.Code, f.Message
			faults.Add(fault)
		}
	}
	out := make([]Finding, 0, len(found))
	for _, f := range found {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// refused says why the makers of the mode cannot write an attribute; its code is "" when they can.
func (s *Service) refused(mode string, a Attribute) errs.Field {
	if fault := a.fault(); fault.Code != "" {
		return fault
	}
	at := "attributes." + a.Name
	if adminRule.MatchString(a.Name) && factoryRule.MatchString(a.Value) {
		return errs.Field{Name: at, Code: "factory_password", Message: "456 is not allowed: every phone has this password from the factory."}
	}
	for _, m := range s.makersOf(mode) {
		if err := m.Check(phone.Setting{Name: a.Name, Value: a.Value}); err != nil {
			var fault errs.Field
			e := errs.As(err)
			fault.Name, fault.Code, fault.Message = at, e.Code, e.Message
			return fault
		}
	}
	return errs.Field{}
}

func (s *Service) imageLabel(ctx context.Context, q db.Q, faults *errs.Checker, mode, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	image, err := Image{}, error(errs.Missing("image"))
	if s.around.Images != nil {
		image, err = s.around.Images.Image(ctx, q, id)
	}
	switch {
	case err != nil && errs.KindOf(err) != errs.NotFound:
		return "", err
	case err != nil:
		faults.Add(errs.Field{Name: "software_image_id", Code: "unknown_image", Message: "There is no such software image."})
	case image.Mode != mode:
		faults.Add(errs.Field{Name: "software_image_id", Code: "image_of_other_mode", Message: "This software image is for phones of another mode."})
	}
	return image.Name, nil
}

func (s *Service) hasFile(ctx context.Context, q db.Q, faults *errs.Checker, p Profile, a Attribute) error {
	err := error(errs.Missing("file"))
	if s.around.Files != nil && p.TenantKind == access.Customer {
		err = s.around.Files.HasFile(ctx, q, p.TenantID, a.File)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		faults.Add(errs.Field{Name: "attributes." + a.Name, Code: "unknown_file", Message: "There is no such resource file."})
		return nil
	}
	return err
}

// ImageGone says whether the software that a profile selects is not there any more (DM-156).
func (s *Service) ImageGone(ctx context.Context, q db.Q, p Profile) (bool, error) {
	if p.ImageID == "" {
		return false, nil
	}
	if s.around.Images == nil {
		return true, nil
	}
	_, err := s.around.Images.Image(ctx, q, p.ImageID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return true, nil
	}
	return false, err
}

func nameOf(a access.Actor) string {
	if a.Kind == access.System {
		return ""
	}
	name := a.Name
	if name == "" {
		name = a.Email
	}
	return strings.ToValidUTF8(clip(strings.ReplaceAll(name, "\x00", ""), 200), "")
}

// Review says what the dictionaries think of all attributes of a profile, in their order.
func (s *Service) Review(ctx context.Context, q db.Q, p Profile) ([]Finding, error) {
	schema, err := s.Schema(ctx, q, p.Scope, p.Mode, p.ImageID)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, a := range p.Attributes {
		if f := schema.Validate(a); f.Code != "" {
			out = append(out, f)
		}
	}
	return out, nil
}
