package device

import (
	"bytes"
	"compress/gzip"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/generic"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
)

// Any file of devices, in any format and separator, is refused as a whole, or each row says who it is about or what is wrong with it.
func FuzzDeviceFile(f *testing.F) {
	s := &Service{makers: phone.Makers{poly.New(), yealink.New(), cisco.New(), generic.New(generic.Grandstream), generic.New(generic.Snom)}}
	f.Add([]byte("mac_address,endpoint_name,endpoint_group,reg.1.address\n0004f2abcdef,a,\"b;c\",101\n"), FormatLinecard, "", false)
	f.Add([]byte("serial_number;endpoint_type\n8L1234;Poly Studio\n"), FormatLinecard, ";", true)
	f.Add([]byte("Device MAC Address,Device Model\n64-16-7F-00-00-01,VVX 411\n"), FormatPolyLens, "", false)
	f.Add([]byte("device_mac_address,device_vendor,line_number,user_id,password\n805ec0000001,yealink,1,101,x\n805ec0000001,yealink,2,102,y\n"), FormatFusion, ",", false)
	f.Add([]byte("mac_address\n4,2E+11\n1.23457E+14\n00:15:65:GG:00:01\n"), FormatLinecard, "", false)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte("a"), 1<<20))
	_ = z.Close()
	f.Add(packed.Bytes(), FormatLinecard, "", false)
	f.Fuzz(func(t *testing.T, data []byte, format, separator string, armed bool) {
		units, err := s.readUnits(ImportFile{Data: data, Format: format, Separator: separator, Armed: armed})
		if err != nil {
			if k := errs.KindOf(err); k != errs.Invalid && k != errs.TooLarge {
				t.Fatalf("%v is %v", err, k)
			}
			return
		}
		seen := map[string]bool{}
		for _, u := range units {
			switch id := u.identity(); {
			case u.line < 2:
				t.Fatalf("line %d", u.line)
			case u.err != nil || u.skip != nil:
				if err := u.err; err != nil && errs.As(err).Code == "" {
					t.Fatalf("%v", err)
				}
			case id == "" || seen[id]:
				t.Fatalf("line %d is about %q", u.line, id)
			case u.maker == "":
				t.Fatalf("line %d has no maker", u.line)
			default:
				seen[id] = true
			}
			u.rows(Outcome{})
		}
	})
}
