"""Which class a drug's name belongs to, for the names seen most in a clinic of muscles and backs. Pure.

Only a suggestion for the class, to be corrected by whoever types; nothing here speaks of doses. The names are
international and US generic names with a few brands; sources: WHO ATC index, FDA labels (public domain).
"""

from __future__ import annotations

import re

NAMES: dict[str, str] = {
    "muscle_relaxant": "cyclobenzaprine flexeril amrix methocarbamol robaxin carisoprodol soma metaxalone skelaxin "
    "chlorzoxazone orphenadrine norflex baclofen lioresal dantrolene tolperisone thiocolchicoside pridinol",
    "alpha2_relaxant": "tizanidine zanaflex sirdalud clonidine",
    "nsaid": "ibuprofen advil motrin naproxen aleve naprosyn diclofenac voltaren celecoxib celebrex meloxicam mobic "
    "ketorolac toradol indomethacin etodolac nabumetone piroxicam etoricoxib ketoprofen",
    "opioid": "tramadol ultram oxycodone oxycontin percocet hydrocodone vicodin norco codeine morphine fentanyl "
    "hydromorphone dilaudid tapentadol buprenorphine methadone tilidine",
    "anticoagulant": "warfarin coumadin apixaban eliquis rivaroxaban xarelto dabigatran pradaxa edoxaban savaysa "
    "heparin enoxaparin lovenox dalteparin phenprocoumon marcumar acenocoumarol",
    "antiplatelet": "aspirin clopidogrel plavix prasugrel effient ticagrelor brilinta dipyridamole",
    "steroid": "prednisone prednisolone methylprednisolone medrol dexamethasone hydrocortisone cortisone budesonide",
    "sedative": "diazepam valium lorazepam ativan alprazolam xanax clonazepam klonopin temazepam zolpidem ambien "
    "eszopiclone zopiclone trazodone doxylamine",
    "neuropathic": "gabapentin neurontin pregabalin lyrica duloxetine cymbalta amitriptyline nortriptyline "
    "carbamazepine",
    "antihypertensive": "lisinopril enalapril ramipril losartan valsartan amlodipine metoprolol atenolol "
    "hydrochlorothiazide bisoprolol carvedilol",
    "paracetamol": "acetaminophen paracetamol tylenol",
}
_CLASS_OF = {name: drug_class for drug_class, names in NAMES.items() for name in names.split()}


def classes_of(drug: str) -> list[str]:
    """The classes that words of the name belong to, in no order of importance; empty when none is known."""
    return sorted({_CLASS_OF[word] for word in re.findall(r"[a-z]+", drug.lower()) if word in _CLASS_OF})


#: What hands-on work minds about a class while the drug is taken. Shown in the patient's header.
CAUTIONS: dict[str, str] = {
    "muscle_relaxant": "Muscle relaxant: dizzy when rising, guarding may be masked",
    "alpha2_relaxant": "Muscle relaxant that lowers blood pressure: let rise slowly",
    "opioid": "Opioid: pain feedback may be blunted",
    "sedative": "Sedative: dizzy when rising",
    "anticoagulant": "Anticoagulant: bruises and bleeds easily",
    "antiplatelet": "Antiplatelet: bruises easily",
    "steroid": "Corticosteroid: skin and bone may be fragile",
}
