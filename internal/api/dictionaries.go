package api

import (
	"context"
	"time"

	"linecard/internal/phone"
	"linecard/internal/profile"
)

// Dictionary is what is known of a maker's parameters, without the parameters.
type Dictionary struct {
	ID         string     `json:"id" doc:"Empty for one that comes with the program"`
	TenantID   string     `json:"tenant_id" doc:"Who uploaded it; empty for one that comes with the program"`
	Mode       string     `json:"mode"`
	Family     string     `json:"family" doc:"Models that it is for, as its source names them; empty for all"`
	FileName   string     `json:"file_name"`
	Version    string     `json:"version"`
	Parameters int64      `json:"parameters"`
	CreatedBy  string     `json:"created_by"`
	Created    *time.Time `json:"created"`
}

func dictionaryOf(d profile.Dictionary) Dictionary {
	return Dictionary{ID: d.ID, TenantID: d.TenantID, Mode: d.Mode, Family: d.Family, FileName: d.FileName, Version: d.Edition, Parameters: d.Parameters,
		CreatedBy: d.CreatedBy, Created: when(d.Created)}
}

type listDictionariesIn struct {
	Mode string `query:"mode" enum:"poly,yealink,cisco,generic"`
}

func (a *API) listDictionaries(at func(*call) profile.Place) func(context.Context, *call, *listDictionariesIn) (List[Dictionary], error) {
	return func(ctx context.Context, c *call, in *listDictionariesIn) (List[Dictionary], error) {
		all, err := a.d.Profiles.Dictionaries(ctx, c.actor, at(c), in.Mode)
		return listOf(all, "", dictionaryOf), err
	}
}

type importDictionaryIn struct {
	Mode     string `query:"mode" required:"true" enum:"poly,yealink,cisco,generic"`
	Family   string `query:"family" maxLength:"64" doc:"Absent: what the file says"`
	FileName string `query:"file" maxLength:"255" doc:"Name of the file"`
}

// importDictionary learns from an XSD, an exported configuration or a config.xml (DM-123).
func (a *API) importDictionary(at func(*call) profile.Place) func(context.Context, *call, *importDictionaryIn) (Dictionary, error) {
	return func(ctx context.Context, c *call, in *importDictionaryIn) (Dictionary, error) {
		d, err := a.d.Profiles.Learn(ctx, c.actor, at(c), profile.Lesson{Mode: in.Mode, Family: in.Family, File: in.FileName, Data: c.body})
		return dictionaryOf(d), err
	}
}

// DictionaryRef names the dictionary in a path.
type DictionaryRef struct {
	Dictionary string `path:"dictionary" doc:"Id of the dictionary"`
}

func (a *API) deleteDictionary(at func(*call) profile.Place) func(context.Context, *call, *DictionaryRef) (none, error) {
	return func(ctx context.Context, c *call, in *DictionaryRef) (none, error) {
		return none{}, a.d.Profiles.Restore(ctx, c.actor, at(c), in.Dictionary)
	}
}

type searchAttributesIn struct {
	Q       string `query:"q" required:"true" maxLength:"200" doc:"Part of the name, two or more characters (DM-145)"`
	Mode    string `query:"mode" required:"true" enum:"poly,yealink,cisco,generic"`
	ImageID string `query:"software_image_id" maxLength:"128" doc:"Search what is packed in this image instead (DM-144)"`
}

// Attribute is what a dictionary knows of a parameter.
type Attribute struct {
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"text,integer,boolean,enum"`
	Allowed  []string `json:"allowed"`
	Min      *int64   `json:"min"`
	Max      *int64   `json:"max"`
	Pattern  string   `json:"pattern"`
	MaxBytes int      `json:"max_bytes"`
	Default  *string  `json:"default"`
	Help     string   `json:"help"`
	Reboots  bool     `json:"reboots" doc:"Phones restart when it changes"`
}

func attributeOf(p phone.Parameter) Attribute {
	return Attribute{Name: p.Name, Type: string(p.Type), Allowed: orEmpty(p.Allowed), Min: p.Min, Max: p.Max, Pattern: p.Pattern, MaxBytes: p.MaxBytes, Default: p.Default,
		Help: p.Help, Reboots: p.Reboots}
}

func (a *API) searchAttributes(at func(*call) profile.Place) func(context.Context, *call, *searchAttributesIn) (List[Attribute], error) {
	return func(ctx context.Context, c *call, in *searchAttributesIn) (List[Attribute], error) {
		found, err := a.d.Profiles.Search(ctx, c.actor, at(c), in.Mode, in.ImageID, in.Q)
		return listOf(found, "", attributeOf), err
	}
}
