// Amplification vectors (US-CERT TA14-017A, Rossow NDSS 2014, vendors' reports; see docs/sources.md).
#include "model/amplification.h"

#include <array>

namespace sekisho {
namespace {

constexpr std::array kVectors{
    AmplificationVector{"amp_dns", "DNS", 53, "28-54"},
    AmplificationVector{"amp_ntp", "NTP (monlist)", 123, "556.9"},
    AmplificationVector{"amp_ssdp", "SSDP", 1900, "30.8"},
    AmplificationVector{"amp_cldap", "CLDAP", 389, "56-70"},
    AmplificationVector{"amp_memcached", "memcached", 11211, "10,000-51,000"},
    AmplificationVector{"amp_chargen", "CHARGEN", 19, "358.8"},
    AmplificationVector{"amp_qotd", "QOTD", 17, "140.3"},
    AmplificationVector{"amp_snmp", "SNMP", 161, "6.3"},
    AmplificationVector{"amp_mdns", "mDNS", 5353, "2-10"},
    AmplificationVector{"amp_netbios", "NetBIOS name service", 137, "3.8"},
    AmplificationVector{"amp_portmap", "portmap (RPC)", 111, "7-28"},
    AmplificationVector{"amp_rip", "RIPv1", 520, "131"},
    AmplificationVector{"amp_tftp", "TFTP", 69, "60"},
    AmplificationVector{"amp_mssql", "MS-SQL browser", 1434, "25"},
    AmplificationVector{"amp_quake", "Quake", 27960, "63.9"},
    AmplificationVector{"amp_steam", "Steam A2S", 27015, "5.5"},
    AmplificationVector{"amp_bittorrent", "BitTorrent DHT", 0, "3.8"},
    AmplificationVector{"amp_kad", "Kad", 4672, "16.3"},
    AmplificationVector{"amp_wsd", "WS-Discovery", 3702, "up to 153"},
    AmplificationVector{"amp_ard", "Apple Remote Desktop", 3283, "35.5"},
    AmplificationVector{"amp_coap", "CoAP", 5683, "10-50"},
    AmplificationVector{"amp_dvr", "DVR DHCPDiscover", 37810, "25-26"},
    AmplificationVector{"amp_jenkins", "Jenkins", 33848, "small"},
    AmplificationVector{"amp_stun", "STUN", 3478, "2.3"},
    AmplificationVector{"amp_slp", "SLP", 427, "1.6-12, at most 2,200"},
    AmplificationVector{"amp_openvpn", "OpenVPN", 1194, "5"},
    AmplificationVector{"amp_tp240", "Mitel TP-240", 10074, "up to 4.3e9"},
    AmplificationVector{"amp_rdp", "RDP over UDP", 3389, "85.9"},
    AmplificationVector{"amp_dtls", "DTLS", 443, "37"},
    AmplificationVector{"amp_plex", "Plex (PMSSDP)", 32414, "4.7"},
    AmplificationVector{"amp_ubiquiti", "Ubiquiti discovery", 10001, "30-35"},
    AmplificationVector{"amp_l2tp", "L2TP", 1701, "unpublished"},
    AmplificationVector{"amp_ipmi", "IPMI", 623, "1.1"},
    AmplificationVector{"amp_citrix", "Citrix ICA", 3391, "35"},
    AmplificationVector{"amp_bacnet", "BACnet", 47808, "unpublished"},
    AmplificationVector{"amp_sip", "SIP", 5060, "unpublished"},
    AmplificationVector{"amp_quic", "QUIC", 443, "3 (bounded by the protocol)"},
};

}  // namespace

std::span<const AmplificationVector> amplification_vectors() { return kVectors; }

}  // namespace sekisho
